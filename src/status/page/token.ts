// The admin token, from the fragment of the address or from the form. It is stored only for this tab.

const key = 'admin-token';

/** Takes the token out of `#token=…`, and removes the fragment from the address and the history. */
export function takeTokenFromAddress(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  storeToken(token);
  history.replaceState(undefined, '', location.pathname + location.search);
}

export function storedToken(): string | undefined {
  return sessionStorage.getItem(key) ?? undefined;
}

export function storeToken(token: string): void {
  sessionStorage.setItem(key, token);
}

export function clearToken(): void {
  sessionStorage.removeItem(key);
}
