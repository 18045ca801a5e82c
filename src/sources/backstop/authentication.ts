// Authenticates Backstop's requests: HTTP Basic, or the HMAC-SHA256 signature of a webhook.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';

/** The signature scheme of a webhook. */
export interface Signature {
  /** Precedes the `=` in the header: `sha256` at GitHub, `v1` at PagerDuty. */
  readonly scheme: 'sha256' | 'v1';
  readonly header: string;
  /** Empty: not signed. */
  readonly secrets: readonly string[];
}

/**
 * A webhook with a secret needs its signature and no password, since its sender may not support both.
 *
 * @param auth - `user:password` pairs; if empty, every request passes
 * @throws HttpError 401 or 403
 */
export function authenticate(context: Context, body: Buffer, auth: readonly string[], signature?: Signature): void {
  if (signature !== undefined && signature.secrets.length > 0) {
    const { scheme, header, secrets } = signature;
    const given = context.get(header);
    if (isSigned(scheme, given, body, secrets)) return;
    const found = given === '' ? 'none' : 'one that does not fit';
    context.throw(403, `${header}: expected a signature of this body, found ${found}`);
  }
  if (auth.length === 0 || hasCredentials(context.get('Authorization'), auth)) return;
  context.throw(401, 'Authorization: expected the user and password of an account, found others or none', {
    challenge: 'Basic realm="Restricted Area"',
  });
}

/**
 * Verifies a header such as `sha256=757107…`. PagerDuty sends several signatures, separated by commas, while a secret is
 * rotated; one that matches is enough.
 */
export function isSigned(scheme: 'sha256' | 'v1', header: string, body: Buffer, secrets: readonly string[]): boolean {
  const given = header
    .split(',')
    .map((each) => each.trim().split('='))
    .flatMap(([name, hex]) =>
      name === scheme && hex !== undefined && /^[0-9a-f]{64}$/i.test(hex) ? [Buffer.from(hex, 'hex')] : [],
    );
  const expected = secrets.map((secret) => createHmac('sha256', secret).update(body).digest());
  // Compares every pair, so that the time does not tell which one matches.
  return expected.flatMap((one) => given.map((other) => timingSafeEqual(one, other))).includes(true);
}

function hasCredentials(header: string, pairs: readonly string[]): boolean {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header) ?? [];
  const given = digest(Buffer.from(encoded, 'base64'));
  return pairs.map((pair) => timingSafeEqual(digest(Buffer.from(pair)), given)).includes(true);
}

/** Digests have equal lengths, as timingSafeEqual requires. */
function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
