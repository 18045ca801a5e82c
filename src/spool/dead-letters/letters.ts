// Letters: dead letters and samples of malformed bodies. Defines their ids, and the interface that reads them in turns.

import { hash } from 'node:crypto';
import type { StoredLetter } from '../state/change.ts';

/** The id is a hash of the contents, so that equal contents are one letter. */
export interface Letter extends StoredLetter {
  /** Position among the letters of its kind. */
  readonly order: number;
}

export interface Letters {
  get(id: string): Letter | undefined;
  /** The next letters in order, as many as fit in memory. Empty at the end. `last` may be deleted meanwhile. */
  after(last: Pick<Letter, 'id' | 'order'> | undefined): Letter[];
  count(): number;
  bytes(): number;
}

/** Bounds on a turn: letters, and length of their inputs. */
export const lettersPerTurn = 100;
export const rawPerTurn = 262_144;

/** The size of a letter against the bounds: approximate, but constant. */
export function sizeOf(id: string, { raw, reason }: Pick<StoredLetter, 'raw' | 'reason'>): number {
  return id.length + raw.length + reason.length + 100;
}

/** Sorts the ids of samples after those of dead letters, which are hexadecimal. */
const samplePrefix = 'm';

/** Reports whether it is the id of a sample: a body that was never acknowledged. */
export function isSample(id: string): boolean {
  return id.startsWith(samplePrefix);
}

export function idOfDeadLetter(kind: string, sink: string | undefined, raw: string): string {
  return hash('sha1', JSON.stringify([kind, sink, raw])).slice(0, 20);
}

/** @param body - the whole body, before truncation */
export function idOfSample(body: Buffer | string): string {
  return `${samplePrefix}${hash('sha1', body).slice(0, 19)}`;
}

/** Converts an id to the 20 hexadecimal digits of a letter table. */
export function tableId(id: string): string {
  return isSample(id) ? `${id.slice(1)}0` : id;
}

/** The reverse of `tableId` for a sample. */
export function sampleIdOf(tableId: string): string {
  return `${samplePrefix}${tableId.slice(0, -1)}`;
}

/** The input of a letter. Undefined if it was truncated or does not match the id. */
export function wholeInput({ id, kind, sink, raw, encoding }: Letter): Buffer | undefined {
  const bytes = Buffer.from(raw, encoding ?? 'utf8');
  const isWhole = isSample(id) ? bytes.length > 0 && idOfSample(bytes) === id : idOfDeadLetter(kind, sink, raw) === id;
  return isWhole ? bytes : undefined;
}

/** Dead letters followed by samples. */
export function joinLetters(deadLetters: Letters, samples: Letters): Letters {
  return {
    get: (id) => (isSample(id) ? samples : deadLetters).get(id),
    after(last) {
      if (last !== undefined && isSample(last.id)) return samples.after(last);
      const letters = deadLetters.after(last);
      return letters.length > 0 ? letters : samples.after(undefined);
    },
    count: () => deadLetters.count() + samples.count(),
    bytes: () => deadLetters.bytes() + samples.bytes(),
  };
}
