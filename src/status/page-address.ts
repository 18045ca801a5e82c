// The address of the status page with the admin token in the fragment, which browsers do not send.

export function pageAddress({ url, token }: { readonly url: string; readonly token: string }): string {
  return `${url}/#token=${encodeURIComponent(token)}`;
}
