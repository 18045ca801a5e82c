// The messages between a worker and its owner. Both run the same version of this program.

import type { AccessStatus } from '../auth/access-control.ts';
import type { AccessOptions } from '../auth/access-policy.ts';
import type { CredentialsSnapshot } from '../auth/credentials.ts';
import type { Address } from '../http/server.ts';
import type { LogOptions } from '../runtime/log.ts';
import type { ArrivedPush, UnreadPush } from '../sources/catchpoint/push-route.ts';

/** The first message to a worker, sent again with each change. */
export interface WorkerConfig {
  /** Differs with each change. */
  readonly revision: number;
  /** From 1; a replacement has the number of the worker it replaces. */
  readonly worker: number;
  readonly listen: Address;
  readonly maxBodyBytes: number;
  readonly log: Pick<LogOptions, 'level' | 'format'>;
  /** The limits are the worker's share. */
  readonly access: AccessOptions;
  readonly credentials: CredentialsSnapshot;
}

export type WorkerMessage =
  | { readonly type: 'listening'; readonly url: string; readonly port: number }
  | { readonly type: 'cannotListen'; readonly code: string | undefined; readonly reason: string }
  /** The worker ends after this. */
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'push'; readonly id: number; readonly push: ArrivedPush }
  | { readonly type: 'unread'; readonly push: UnreadPush }
  /** Of each push, from the end of its headers to its answer. */
  | { readonly type: 'durations'; readonly durationsMs: readonly number[] }
  | { readonly type: 'rotate'; readonly id: number; readonly token: string }
  | { readonly type: 'applied'; readonly revision: number }
  | { readonly type: 'status'; readonly access: AccessStatus };

export type OwnerMessage =
  | { readonly type: 'config'; readonly config: WorkerConfig }
  | { readonly type: 'taken'; readonly id: number; readonly outcome: string }
  | { readonly type: 'refused'; readonly id: number; readonly refusal: SerializedRefusal }
  | { readonly type: 'rotated'; readonly id: number; readonly error: string | undefined }
  /** Stop accepting, answer the requests in flight, and end. */
  | { readonly type: 'stop' }
  /** End now. */
  | { readonly type: 'cut' };

/** The answer to a push that was not taken. */
export interface SerializedRefusal {
  readonly status: number;
  readonly message: string;
  /** The sender may read the message. */
  readonly expose: boolean;
  readonly retryAfterMs: number | undefined;
  /** For the log, with status 500 alone. */
  readonly stack: string | undefined;
}
