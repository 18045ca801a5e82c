// A spool with dead letters.

import type { ExecutionContext } from 'ava';
import type { DataPoint } from '../../src/model/point.ts';
import type { AddressedLetter } from '../../src/spool/dead-letters/dead-letters.ts';
import type { Letter, Letters } from '../../src/spool/dead-letters/letters.ts';
import { openSpool, type Spool } from '../../src/spool/spool.ts';
import type { SpoolReader } from '../../src/spool/readers/reader.ts';
import { temporaryDirectory } from './directory.ts';
import { movableClock } from './time.ts';

export const nothing = { letters: [], kept: [], pauseMs: 0 };

export const rejected = (point: DataPoint, reason = 'Unknown metric', sink = 'tsdb'): AddressedLetter => ({
  kind: 'rejected',
  reason,
  raw: JSON.stringify(point),
  sink,
});

export interface SpoolOptions {
  readonly maxBytes?: number;
  readonly sink?: string;
}

/** Opens a spool with a reader of one sink. */
export async function readSpool(t: ExecutionContext, { maxBytes = 1 << 20, sink = 'tsdb' }: SpoolOptions = {}) {
  const clock = movableClock();
  const directory = await temporaryDirectory(t);
  let spool = await openSpool({ directory, maxBytes, clock });
  t.teardown(() => spool.close());
  async function reopened(): Promise<Spool> {
    await spool.close();
    spool = await openSpool({ directory, maxBytes, clock });
    return spool;
  }
  return { clock, directory, spool, reader: await spool.reader(sink), reopened };
}

/** Turns the points into dead letters, as a sink does that rejects them. */
export async function lettersOf(
  spool: Spool,
  reader: SpoolReader,
  points: readonly DataPoint[],
  letters: readonly AddressedLetter[],
): Promise<void> {
  await spool.append(points);
  const batch = reader.next(1000);
  if (batch === undefined) throw new Error('nothing was appended');
  await reader.finish(batch, { ...nothing, letters });
}

export function everyLetter(letters: Pick<Letters, 'after'>): Letter[] {
  const all: Letter[] = [];
  for (let turn = letters.after(undefined); turn.length > 0; turn = letters.after(turn.at(-1))) all.push(...turn);
  return all;
}
