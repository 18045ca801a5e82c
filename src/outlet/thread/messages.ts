// What the owner of the spool and the thread of the outlets say to each other.

import type { Config } from '../../config/config.ts';
import type { OutletStatus, RulingCounts } from '../outlet.ts';
import type { AnnotationCounts } from '../../model/sink.ts';
import type { Damage } from '../../spool/log/record-reader.ts';
import type { Outcome, Settled, SettledRetry } from '../../spool/readers/settling.ts';
import type { StoreDelta, StoreSnapshot } from '../../spool/replica/replica-updates.ts';
import type { WriteSnapshot } from '../sink-counts.ts';

/** What the thread is started with. */
export interface ThreadStart {
  readonly config: Pick<Config, 'tsdb' | 'graphite' | 'file'>;
  readonly store: StoreSnapshot;
}

export type ToThread =
  | { readonly kind: 'changed'; readonly delta: StoreDelta }
  | { readonly kind: 'wake' }
  /** Answers `settle` and `settleRetry`. */
  | { readonly kind: 'settled'; readonly id: number; readonly error?: string }
  /** Another OpenTSDB; answered with `exchanged`, opened, and then put into effect by `exchange`. */
  | { readonly kind: 'prepare'; readonly id: number; readonly config: ThreadStart['config'] }
  | { readonly kind: 'exchange'; readonly id: number }
  | { readonly kind: 'stop' };

export type FromThread =
  /** A sink has finished a batch of which nothing is to be kept. */
  | { readonly kind: 'finished'; readonly sink: string; readonly settled: Settled; readonly counts: RulingCounts }
  | {
      readonly kind: 'settle';
      readonly id: number;
      readonly sink: string;
      readonly counts: RulingCounts;
      readonly settled: Settled;
      readonly outcome: Outcome;
    }
  | {
      readonly kind: 'settleRetry';
      readonly id: number;
      readonly sink: string;
      readonly retry: SettledRetry;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'damage'; readonly sink: string; readonly damage: Damage }
  | { readonly kind: 'lostRetry'; readonly sink: string; readonly sequence: number; readonly points: number }
  | { readonly kind: 'prepared'; readonly id: number; readonly error?: string }
  | { readonly kind: 'status'; readonly sinks: readonly ThreadSink[] }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'stopped'; readonly error?: string };

/** What the thread tells of a sink. */
export interface ThreadSink extends Omit<OutletStatus, 'backlog'> {
  readonly writes: WriteSnapshot;
  readonly annotations?: AnnotationCounts;
}

/** A thread as its starter has it. */
export interface OutletThread {
  send(message: ToThread): void;
  onMessage(listener: (message: FromThread) => void): void;
  /** Resolves when it has ended by itself, with why. */
  readonly ended: Promise<Error>;
  /** Ends it whatever it does. */
  end(): Promise<void>;
}

/** Starts the thread; made by main alone. */
export type StartOutletThread = (start: ThreadStart) => OutletThread;
