// The messages between the outlet thread and the main thread, which owns the spool.

import type { AnnotationCounts } from '../../model/sink.ts';
import type { Damage } from '../../spool/log/record-reader.ts';
import type { Outcome, FinishedBatch, FinishedRetry } from '../../spool/readers/outcome.ts';
import type { StoreDelta, StoreSnapshot } from '../../spool/replica/replica-updates.ts';
import type { SinksConfig } from '../../config/settings/sink-config.ts';
import type { OutletStatus, RulingCounts } from '../outlet.ts';
import type { WriteSnapshot } from '../sink-counts.ts';

/** The data that the thread starts with. */
export interface ThreadStart {
  readonly config: SinksConfig;
  readonly store: StoreSnapshot;
}

export type ToThread =
  | { readonly kind: 'changed'; readonly delta: StoreDelta }
  | { readonly kind: 'wake' }
  /** Answers `finish` and `finishRetry`. */
  | { readonly kind: 'finished'; readonly id: number; readonly error?: string }
  /** Opens OpenTSDB's sink for another configuration; answered by `prepared`. `replace` puts it into effect. */
  | { readonly kind: 'prepare'; readonly id: number; readonly config: SinksConfig }
  | { readonly kind: 'replace'; readonly id: number }
  | { readonly kind: 'stop' };

export type FromThread =
  /** Without an `id` the outcome has nothing to store, and the thread does not wait for an answer. */
  | {
      readonly kind: 'finish';
      readonly id?: number;
      readonly sink: string;
      readonly counts: RulingCounts;
      readonly batch: FinishedBatch;
      readonly outcome: Outcome;
    }
  | {
      readonly kind: 'finishRetry';
      readonly id: number;
      readonly sink: string;
      readonly retry: FinishedRetry;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'damage'; readonly sink: string; readonly damage: Damage }
  | { readonly kind: 'lostRetry'; readonly sink: string; readonly sequence: number; readonly points: number }
  | { readonly kind: 'prepared'; readonly id: number; readonly error?: string }
  | { readonly kind: 'status'; readonly sinks: readonly ThreadSink[] }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'stopped'; readonly error?: string };

/** The status of a sink; the main thread adds the backlog. */
export interface ThreadSink extends Omit<OutletStatus, 'backlog'> {
  readonly writes: WriteSnapshot;
  readonly annotations?: AnnotationCounts;
}

/** The thread, for the main thread. */
export interface OutletThread {
  send(message: ToThread): void;
  onMessage(listener: (message: FromThread) => void): void;
  /** Resolves with the reason when the thread ends. */
  readonly ended: Promise<Error>;
  /** Ends the thread at once. */
  end(): Promise<void>;
}

/** Starts the thread; main.ts provides it. */
export type StartOutletThread = (start: ThreadStart) => OutletThread;
