// The address of the status page with the admin token. It is in the fragment, which browsers do not send and servers do not log.

export function pageAddress({ url, token }: { readonly url: string; readonly token: string }): string {
  return `${url}/#token=${encodeURIComponent(token)}`;
}
