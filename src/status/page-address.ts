// The address of the status page that brings the token with it: in the fragment, which a browser never sends and no server logs.

export function pageAddress({ url, token }: { readonly url: string; readonly token: string }): string {
  return `${url}/#token=${encodeURIComponent(token)}`;
}
