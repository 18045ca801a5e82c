// `POST /catchpoint/token`: whoever knows the long-lived secret sets the current push token.

import type { Context } from 'koa';
import { readBody } from '../../http/request-body.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { rateLimit } from '../limits/rate-limit.ts';
import { hashOf, isAmong } from './token-hashes.ts';
import { answerExpectContinue } from '../expect-continue.ts';
import { senderOf } from '../senders/ip-networks.ts';
import { tokensOfRequest } from './request-tokens.ts';
import { Refusal } from '../refusal.ts';
import type { RotatingTokens } from './rotating-tokens.ts';
import { tokenText } from './token-syntax.ts';

export const rotationPath = '/catchpoint/token';

/** Secret and tokens are looked at with every request. */
export interface RotationOptions {
  readonly secret: string;
  readonly tokens: RotatingTokens;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RotationCounts {
  rotations: number;
  /** Without the secret. */
  unauthenticated: number;
  /** Too many from one sender. */
  limited: number;
  /** A token that is none, or that cannot be written down. */
  failed: number;
}

export interface Rotation {
  /** @throws Refusal, UnreadableBody */
  take(context: Context): Promise<void>;
  readonly counts: RotationCounts;
}

const maxBodyBytes = 4096;
/** Catchpoint rotates every half hour, from a few nodes at most; a sender has ten attempts, and one more each six seconds. */
const attempts = 10;
const everyMs = 6_000;

export function rotation(options: RotationOptions): Rotation {
  const { clock, log } = options;
  const counts: RotationCounts = { rotations: 0, unauthenticated: 0, limited: 0, failed: 0 };
  const attempt = rateLimit({ attempts, everyMs, clock });
  return {
    counts,
    async take(context) {
      const waitMs = attempt(senderOf(context.ip));
      if (waitMs > 0) {
        counts.limited += 1;
        throw new Refusal(429, 'token: too many attempts from this address', { retryAfterMs: waitMs });
      }
      const secrets = [hashOf(options.secret)];
      if (!tokensOfRequest(context).some((each) => isAmong(hashOf(each), secrets))) {
        counts.unauthenticated += 1;
        throw new Refusal(401, 'token: expected the secret that sets it', { challenge });
      }
      await setToken(context, options.tokens, log).catch((error: unknown) => {
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
    throw new Refusal(503, 'token: it holds, but cannot be written down', { retryAfterMs: everyMs });
  }
}

/** Out of `{"token": "…"}`, `token=…` or the text itself. */
function tokenIn(text: string): string {
  try {
    return tokenText(
      text.startsWith('{')
        ? ofJson(text)
        : text.startsWith('token=')
          ? (new URLSearchParams(text).get('token') ?? '')
          : text,
    );
  } catch (error) {
    throw new Refusal(400, `token: ${(error as Error).message}`);
  }
}

function ofJson(text: string): string {
  let token: unknown;
  try {
    token = (JSON.parse(text) as { readonly token?: unknown }).token;
  } catch {
    throw new Error('expected {"token": "…"}, found no JSON');
  }
  if (typeof token !== 'string') throw new Error('expected {"token": "…"}, found no text of that name');
  return token;
}
