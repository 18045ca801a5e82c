// What lies in the store because it could not be used: found by its id, read in turns, and taken away again.

import { hash } from 'node:crypto';
import type { LetterRow } from './store.ts';

/** A dead letter, or the sample of a malformed body. */
export interface Letter extends LetterRow {
  /** Made of the contents, so that the same contents have the same. */
  readonly id: string;
}

/** Letters of one sort, by their ids. */
export interface Letters {
  get(id: string): Letter | undefined;
  /** Takes it away; to be called inside a transaction of the store. */
  remove(id: string): void;
  /** The next ones in the order of their ids, so many as are easily held in memory; none: that was all. */
  after(id: string | undefined): Letter[];
  count(): number;
  bytes(): number;
}

/** Letters read in one turn, and how much of their inputs. */
const mostInTurn = 100;
const mostRawInTurn = 262_144;

/** Of the rows, the letters of one turn. */
export function oneTurn(rows: Iterable<{ readonly key: string; readonly value: LetterRow }>): Letter[] {
  const letters: Letter[] = [];
  let raw = 0;
  for (const { key, value } of rows) {
    letters.push({ id: key, ...value });
    raw += value.raw.length;
    if (letters.length >= mostInTurn || raw >= mostRawInTurn) break;
  }
  return letters;
}

/** What a letter takes, in bytes; roughly, but always the same. */
export function sizeOf(id: string, { raw, reason }: LetterRow): number {
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
  const isWhole = id.startsWith(markOfSample) ? bytes.length > 0 && idOfSample(bytes) === id : idOfDeadLetter(kind, sink, raw) === id;
  return isWhole ? bytes : undefined;
}

/** Dead letters and samples as one. */
export function joined(deadLetters: Letters, samples: Letters): Letters {
  const holding = (id: string): Letters => (id.startsWith(markOfSample) ? samples : deadLetters);
  return {
    get: (id) => holding(id).get(id),
    remove: (id) => holding(id).remove(id),
    after(id) {
      if (id !== undefined && id >= markOfSample) return samples.after(id);
      const letters = deadLetters.after(id);
      return letters.length > 0 ? letters : samples.after(undefined);
    },
    count: () => deadLetters.count() + samples.count(),
    bytes: () => deadLetters.bytes() + samples.bytes(),
  };
}
