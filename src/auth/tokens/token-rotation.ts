// `POST /catchpoint/token`: Catchpoint sets the push token, authenticated by the rotation secret.

import type { Context } from 'koa';
import { readBody } from '../../http/request-body.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Rotation } from '../access-policy.ts';
import { answerExpectContinue } from '../../http/expect-continue.ts';
import { rateLimit } from '../limits/rate-limit.ts';
import { HttpError } from '../../http/http-error.ts';
import { senderOf } from '../senders/ip-networks.ts';
import { tokensOfRequest } from './request-tokens.ts';
import type { RotatingTokens } from './rotating-tokens.ts';
import { hashOf, isAmong } from './token-hashes.ts';
import { tokenText } from './token-syntax.ts';

export const rotationPath = '/catchpoint/token';

/** `access.rotation` of /healthz. */
export interface RotationCounts {
  rotations: number;
  /** Answered 401. */
  unauthenticated: number;
  /** Answered 429. */
  limited: number;
  /** The token is malformed, or cannot be written to disk. */
  failed: number;
}

export interface TokenRotation {
  /** @throws HttpError, UnreadableBody */
  handle(context: Context, rotation: Rotation): Promise<void>;
  readonly counts: RotationCounts;
}

const maxBodyBytes = 4096;
/** Catchpoint rotates every half hour, from a few nodes. */
const burst = 10;
const refillMs = 6_000;

export function tokenRotation({ clock, log }: { readonly clock: Clock; readonly log: Log }): TokenRotation {
  const counts: RotationCounts = { rotations: 0, unauthenticated: 0, limited: 0, failed: 0 };
  const limit = rateLimit({ burst, refillMs, clock });
  return {
    counts,
    async handle(context, { secret, tokens }) {
      const retryAfterMs = limit(senderOf(context.ip));
      if (retryAfterMs > 0) {
        counts.limited += 1;
        throw new HttpError(429, 'token: too many attempts from this address', { retryAfterMs });
      }
      const secrets = [hashOf(secret)];
      if (!tokensOfRequest(context).some((each) => isAmong(hashOf(each), secrets))) {
        counts.unauthenticated += 1;
        throw new HttpError(401, 'token: expected the secret that sets it', { challenge });
      }
      await setToken(context, tokens, log).catch((error: unknown) => {
        counts.failed += 1;
        throw error;
      });
      counts.rotations += 1;
      context.status = 200;
      context.body = '';
    },
  };
}

export const challenge = 'Basic realm="catchpoint-opentsdb-bridge", charset="UTF-8"';

async function setToken(context: Context, tokens: RotatingTokens, log: Log): Promise<void> {
  answerExpectContinue(context);
  const body = await readBody(context.req, maxBodyBytes);
  const token = tokenIn(body.toString('utf8').trim());
  try {
    await tokens.rotate(token);
  } catch (error) {
    log.error(
      { reason: (error as Error).message },
      'the new push token holds, but is lost with the next restart: it cannot be written down',
    );
    throw new HttpError(503, 'token: it holds, but cannot be written down', { retryAfterMs: refillMs });
  }
}

/** The body is `{"token": "…"}`, `token=…` or the token itself. */
function tokenIn(text: string): string {
  try {
    if (text.startsWith('{')) return tokenText(tokenInJson(text));
    return tokenText(text.startsWith('token=') ? (new URLSearchParams(text).get('token') ?? '') : text);
  } catch (error) {
    throw new HttpError(400, `token: ${(error as Error).message}`);
  }
}

function tokenInJson(text: string): string {
  let token: unknown;
  try {
    token = (JSON.parse(text) as { readonly token?: unknown }).token;
  } catch {
    throw new Error('expected {"token": "…"}, found no JSON');
  }
  if (typeof token !== 'string') throw new Error('expected {"token": "…"}, found no text of that name');
  return token;
}
