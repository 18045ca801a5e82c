// Remembers the runs of the last two hours, so that Catchpoint's nine retries of a push count once.

import { hash } from 'node:crypto';
import type { RunKey } from '../point.ts';
import { SpoolFull } from './spool-full.ts';
import type { Store } from './store.ts';

/** What a delivery of a run would be. */
export interface KnownRun {
  readonly kind: 'new' | 'duplicate' | 'conflict';
  /** Puts the run down; to be called inside the same transaction of the store. */
  remember(): void;
}

export interface RunKeys {
  look(run: RunKey): KnownRun;
  /** Puts down what an earlier store remembered; to be called inside a transaction of the store. */
  restore(storedKey: string, digest: string): void;
  /**
   * Begins a new generation when the hour has turned, emptying the oldest; all of them when the clock was set back by hours. To be called
   * inside a transaction of the store.
   */
  turn(nowMs: number): void;
}

const generationMs = 3_600_000;
/** Generations looked into: the running one and two before it, so a key lives two to three hours. */
const lookedInto = 3;

/** Opens the run keys of a store. */
export async function openRunKeys(store: Store, nowMs: number): Promise<RunKeys> {
  let generation = store.meta.get('generation') ?? 0;

  function database(number: number): Store['runs'][number] {
    return store.runs[((number % store.runs.length) + store.runs.length) % store.runs.length] as Store['runs'][number];
  }

  function digestOf(key: string): string | undefined {
    for (let age = 0; age < lookedInto; age += 1) {
      const digest = database(generation - age).get(key);
      if (digest !== undefined) return digest;
    }
    return undefined;
  }

  function turn(atMs: number): void {
    const now = Math.floor(atMs / generationMs);
    const isBack = now < generation - 1;
    if (now <= generation && !isBack) return;
    const passed = isBack ? store.runs.length : Math.min(now - generation, store.runs.length);
    for (let step = 0; step < passed; step += 1) database(now - step).clearSync();
    store.meta.putSync('generation', now);
    generation = now;
  }

  store.onFailure(() => void (generation = store.meta.get('generation') ?? 0));
  const keys: RunKeys = {
    look(run) {
      const key = storedKeyOf(run);
      const digest = digestOf(key);
      const ofConflict = `${key}${run.digest}`;
      const isKnown = digest === run.digest || (digest !== undefined && digestOf(ofConflict) !== undefined);
      return {
        kind: isKnown ? 'duplicate' : digest === undefined ? 'new' : 'conflict',
        remember() {
          const running = database(generation);
          running.putSync(key, run.digest);
          if (digest === undefined) return;
          // Both stand as long as the younger one.
          running.putSync(ofConflict, run.digest);
          running.putSync(`${key}${digest}`, digest);
        },
      };
    },
    restore(storedKey, digest) {
      if (digestOf(storedKey) === undefined) database(generation).putSync(storedKey, digest);
    },
    turn,
  };
  await store.write(() => turn(nowMs)).catch(unlessFull);
  return keys;
}

/** On a full disk the generation that was running runs on. */
function unlessFull(error: unknown): void {
  if (!(error instanceof SpoolFull)) throw error;
}

const secondDigits = 7;
const lastSecond = 36 ** secondDigits - 1;

/** Its second, and a hash of its key: 96 bits are plenty for the runs of three hours. By hashes alone each run would touch a page of its own. */
function storedKeyOf({ key, atMs = 0 }: RunKey): string {
  const second = Math.min(Math.max(0, Math.floor(atMs / 1000)), lastSecond);
  return `${second.toString(36).padStart(secondDigits, '0')}${hash('sha1', key, 'base64url').slice(0, 16)}`;
}
