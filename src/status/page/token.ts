// The token of the administration: from the address's fragment, which is never sent, or from the form; kept in this tab alone.

const name = 'admin-token';

/** Takes a token out of `#token=…`, and the fragment out of the address and the history. */
export function takeTokenOfAddress(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  keepToken(token);
  history.replaceState(undefined, '', location.pathname + location.search);
}

export function keptToken(): string | undefined {
  return sessionStorage.getItem(name) ?? undefined;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(name, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(name);
}
