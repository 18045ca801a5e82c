// A state directory with a store to damage, and what comes out of it at the starts after that.

import type { ExecutionContext } from 'ava';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { openLog } from '../../src/log.ts';
import type { DataPoint } from '../../src/point.ts';
import type { SpoolReader } from '../../src/spool/reader.ts';
import { openSoundSpool, type SoundSpool } from '../../src/spool/sound-spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { linesOf } from '../fakes/lines.ts';
import { usesOfPages } from './damages.ts';
import { fillStore, pointsOf } from './stored.ts';

const deliveries = 400;
const nothing = { letters: [], kept: [], notBeforeMs: 0 };
export const sound = { records: 0, points: 0, retries: 0, parked: 0, deadLetters: 0, uncounted: 0 };

export async function stateWithStore(t: ExecutionContext) {
  const stateDir = await temporaryDirectory(t);
  const directory = join(stateDir, 'spool');
  await fillStore(directory, deliveries);
  const { lines, destination } = linesOf();
  const system = systemClock();
  let aheadMs = 0;
  const clock = { ...system, now: () => system.now() + aheadMs };
  const log = openLog({ level: 'info', format: 'json', destination });
  const opened: SoundSpool[] = [];
  t.teardown(async () => void (await Promise.all(opened.map((one) => one.close()))));
  async function start(maxBytes = 1 << 30): Promise<{ spool: SoundSpool; reader: SpoolReader }> {
    const spool = await openSoundSpool({ directory, maxBytes, clock, log });
    opened.push(spool);
    return { spool, reader: await spool.reader('tsdb') };
  }
  const suspect = (): void => writeFileSync(join(stateDir, 'last-run.json'), '{"suspected":"a test"}');
  const said = (): { readonly msg: string }[] => lines.map((line) => JSON.parse(line) as { readonly msg: string });
  const goOn = (ms: number): void => void (aheadMs += ms);
  return { stateDir, directory, start, suspect, goOn, said, messages: () => said().map(({ msg }) => msg) };
}

/** Zeroes a page of this use. */
export function zeroPage(directory: string, use: string, nth = 0): void {
  const path = join(directory, 'data.mdb');
  const { uses, pageBytes } = usesOfPages(path);
  const page = uses.flatMap((each, index) => (each === use ? [index] : []))[nth] as number;
  const file = readFileSync(path);
  file.fill(0, page * pageBytes, (page + 1) * pageBytes);
  writeFileSync(path, file);
}

/** The deliveries whose points come out, each with how many do. */
export async function drained(reader: SpoolReader): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (let batch = reader.next(500); batch !== undefined; batch = reader.next(500)) {
    for (const { metric } of batch.points as readonly DataPoint[]) {
      const delivery = Number(metric.split('.').at(-1));
      counts.set(delivery, (counts.get(delivery) ?? 0) + 1);
    }
    await reader.finish(batch, nothing);
  }
  return counts;
}

export async function restored(spool: SoundSpool, isEnough: () => boolean): Promise<void> {
  const stop = new AbortController();
  const restoring = spool.restore(stop.signal);
  while (!isEnough()) await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await restoring;
}

export const worded = (counts: ReadonlyMap<number, number>): string => [...counts].toSorted((a, b) => a[0] - b[0]).map((pair) => pair.join(':')).join(' ');
export const isWhole = (counts: ReadonlyMap<number, number>): boolean => [...counts].every(([delivery, count]) => count === pointsOf(delivery).length);

export async function copyOf(t: ExecutionContext, directory: string) {
  const copy = join(await temporaryDirectory(t), 'spool');
  cpSync(directory, copy, { recursive: true });
  const spool = await openSoundSpool({ directory: copy, maxBytes: 1 << 30, clock: systemClock(), log: openLog({ level: 'silent', format: 'json', destination: linesOf().destination }) });
  t.teardown(() => spool.close());
  return { spool, reader: await spool.reader('tsdb') };
}
