// What lies in the store because it could not be used: found by its id, read in turns, and taken away again.

import { hash } from 'node:crypto';
import type { StoredLetter } from '../state/change.ts';

/** A dead letter, or the sample of a malformed body. Its id is made of the contents, so that the same contents have the same. */
export interface Letter extends StoredLetter {
  /** Where it stands among the others of its sort. */
  readonly order: number;
}

/** Letters of one sort. */
export interface Letters {
  get(id: string): Letter | undefined;
  /** The next ones in the order in which they came, so many as are easily held in memory; none: that was all. The last one may be gone. */
  after(last: Pick<Letter, 'id' | 'order'> | undefined): Letter[];
  count(): number;
  bytes(): number;
}

/** Letters read in one turn, and how much of their inputs. */
export const mostInTurn = 100;
export const mostRawInTurn = 262_144;

/** What a letter takes, in bytes; roughly, but always the same. */
export function sizeOf(id: string, { raw, reason }: Pick<StoredLetter, 'raw' | 'reason'>): number {
  return id.length + raw.length + reason.length + 100;
}

/** The ids of samples stand behind those of dead letters, which are hexadecimal. */
const markOfSample = 'm';

/** Whether it is that of a sample: the body of something that was never acknowledged. */
export function isSample(id: string): boolean {
  return id.startsWith(markOfSample);
}

export function idOfDeadLetter(kind: string, sink: string | undefined, raw: string): string {
  return hash('sha1', JSON.stringify([kind, sink, raw])).slice(0, 20);
}

/** @param body - as it was sent, before it is cut */
export function idOfSample(body: Buffer | string): string {
  return `${markOfSample}${hash('sha1', body).slice(0, 19)}`;
}

/** The input of a letter, byte for byte; undefined when it was cut, or is not what was put down. */
export function wholeInput({ id, kind, sink, raw, encoding }: Letter): Buffer | undefined {
  const bytes = Buffer.from(raw, encoding ?? 'utf8');
  const isWhole = id.startsWith(markOfSample)
    ? bytes.length > 0 && idOfSample(bytes) === id
    : idOfDeadLetter(kind, sink, raw) === id;
  return isWhole ? bytes : undefined;
}

/** Dead letters and samples as one: the samples come behind the letters. */
export function joined(deadLetters: Letters, samples: Letters): Letters {
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
