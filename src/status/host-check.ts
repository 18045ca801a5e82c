// Whether a request that came in on loopback was meant for here: a web site can let a name of its own point to 127.0.0.1, and
// a browser then hands it what is read there.

/**
 * On loopback only addresses and localhost; elsewhere any name, for it is reached by names that are not known here.
 *
 * @param host - the Host header
 * @param localAddress - the address on which the connection came in
 */
export function isOwnHost(host: string, localAddress: string | undefined): boolean {
  if (!/^(::ffff:)?127\.|^::1$/.test(localAddress ?? '')) return true;
  return /^(localhost|[\w-]+\.localhost|\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
}
