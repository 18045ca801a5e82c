// Signatures of webhooks: an HMAC-SHA256 over the body as it was sent.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A sender who is not who it must be. */
export class NotAllowed extends Error {
  readonly expose = true;
  override readonly name = 'NotAllowed';
  readonly status: 401 | 403;
  constructor(status: 401 | 403, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Whether a header such as `sha256=757107…`, or several separated by commas as PagerDuty sends while a secret is changed, holds the
 * signature of the body by one of the secrets.
 *
 * @param scheme - what stands before the `=`: `sha256` for GitHub's X-Hub-Signature-256, `v1` for X-PagerDuty-Signature
 */
export function isSigned(scheme: 'sha256' | 'v1', header: string, body: Buffer, secrets: readonly string[]): boolean {
  const given = header
    .split(',')
    .map((each) => each.trim().split('='))
    .flatMap(([name, hex]) =>
      name === scheme && hex !== undefined && /^[0-9a-f]{64}$/i.test(hex) ? [Buffer.from(hex, 'hex')] : [],
    );
  const wanted = secrets.map((secret) => createHmac('sha256', secret).update(body).digest());
  // Every pair is compared, whichever fits.
  return wanted.flatMap((one) => given.map((other) => timingSafeEqual(one, other))).includes(true);
}

/** Whether an Authorization header holds one of the `user:password` pairs. */
export function isAuthorised(header: string, pairs: readonly string[]): boolean {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header) ?? [];
  const given = digest(Buffer.from(encoded, 'base64'));
  return pairs.map((pair) => timingSafeEqual(digest(Buffer.from(pair)), given)).includes(true);
}

/** Makes texts of any length comparable in constant time. */
function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
