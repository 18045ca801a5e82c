// What a worker and its owner tell each other, message by message.

import type { AccessStatus } from '../auth/access-control.ts';
import type { StoredCredentials } from '../auth/credentials.ts';
import type { AccessOptions } from '../auth/access-policy.ts';
import type { LogOptions } from '../runtime/log.ts';
import type { Address } from '../http/server.ts';
import type { ArrivedPush, UnreadPush } from '../sources/catchpoint/push-route.ts';

/** Everything that a worker has to know; the first thing that it is told, and again whenever something of it changes. */
export interface Instructions {
  /** Another with each change. */
  readonly edition: number;
  /** Which worker it is, from 1. */
  readonly worker: number;
  readonly listen: Address;
  readonly maxBodyBytes: number;
  readonly log: Pick<LogOptions, 'level' | 'format'>;
  /** The limits are the worker's share of them. */
  readonly access: AccessOptions;
  readonly keys: StoredCredentials;
}

export type WorkerMessage =
  | { readonly say: 'listening'; readonly url: string; readonly port: number }
  | { readonly say: 'cannotListen'; readonly code: string | undefined; readonly reason: string }
  /** It ends for this. */
  | { readonly say: 'failed'; readonly reason: string }
  | { readonly say: 'push'; readonly id: number; readonly push: ArrivedPush }
  | { readonly say: 'unread'; readonly push: UnreadPush }
  /** How long pushes took from their heads to their answers. */
  | { readonly say: 'answered'; readonly ms: readonly number[] }
  /** Catchpoint sets a token. */
  | { readonly say: 'rotate'; readonly id: number; readonly token: string }
  | { readonly say: 'follows'; readonly edition: number }
  | { readonly say: 'status'; readonly access: AccessStatus };

export type OwnerMessage =
  | { readonly say: 'instructions'; readonly instructions: Instructions }
  | { readonly say: 'taken'; readonly id: number; readonly became: string }
  | { readonly say: 'refused'; readonly id: number; readonly refusal: SerializedRefusal }
  | { readonly say: 'rotated'; readonly id: number; readonly fault: string | undefined }
  /** Take no more, finish what is in hand, and end. */
  | { readonly say: 'stop' }
  /** End now. */
  | { readonly say: 'cut' };

/** What a push is answered that was not taken. */
export interface SerializedRefusal {
  readonly status: number;
  readonly message: string;
  /** Whether the message is meant for the sender. */
  readonly expose: boolean;
  readonly retryAfterMs: number | undefined;
  readonly stack: string | undefined;
}
