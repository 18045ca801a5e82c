// A running outlet over a spool of its own, on a clock that the test moves.

import type { ExecutionContext } from 'ava';
import { type Log, silentLog } from '../../src/runtime/log.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Sink } from '../../src/model/sink.ts';
import { outlet, type Outlet } from '../../src/outlet/outlet.ts';
import type { SpoolReader } from '../../src/spool/readers/reader.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { movableClock } from '../fakes/time.ts';

export interface RunningOutletOptions {
  readonly log?: Log;
  readonly wrapReader?: (reader: SpoolReader) => SpoolReader;
}

export async function runningOutlet<S extends Sink>(
  t: ExecutionContext,
  openSink: (clock: Clock) => S,
  { log = silentLog(), wrapReader = (reader) => reader }: RunningOutletOptions = {},
) {
  const clock = movableClock();
  const spool = await openSpool({ directory: await temporaryDirectory(t), maxBytes: 1 << 20, clock });
  const sink = openSink(clock);
  const reader = wrapReader(await spool.reader(sink.name));
  const stop = new AbortController();
  const one = outlet({ reader, sink, clock, random: () => 1, log });
  const running = one.run(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await running;
    await sink.close();
    await spool.close();
  });
  return { clock, spool, sink, outlet: one, stop, running };
}

export const hasNothingInFlight = ({ status }: Outlet): boolean => status().inFlight === 0;

export const isDone = ({ status }: Outlet): boolean => status().backlog.points + status().inFlight === 0;
