// Opens the Backstop sink with a receiver, for one test.

import type { ExecutionContext } from 'ava';
import { silentLog } from '../../../src/runtime/log.ts';
import type { DataPoint } from '../../../src/model/point.ts';
import type { Sink } from '../../../src/model/sink.ts';
import { backstopSink, type BackstopSinkOptions } from '../../../src/sinks/backstop/backstop-sink.ts';
import { fakeBackstop, type FakeBackstopOptions } from '../../fakes/backstop.ts';
import { movableClock } from '../../fakes/time.ts';

/** @param url - with the path */
export function sinkTo(t: ExecutionContext, url: string, options: Partial<BackstopSinkOptions> = {}): Sink {
  const sink = backstopSink({ names: 'dotted', clock: movableClock(), log: silentLog(), ...options, url });
  t.teardown(() => sink.close());
  return sink;
}

export async function backstopFixture(
  t: ExecutionContext,
  { backstop: receiving, ...options }: Partial<BackstopSinkOptions> & { readonly backstop?: FakeBackstopOptions } = {},
) {
  const backstop = await fakeBackstop(t, receiving);
  const clock = movableClock();
  return { backstop, clock, sink: sinkTo(t, `${backstop.url}/publish/test`, { clock, ...options }) };
}

/** A point without tags. */
export function path(metric: string, value: string, timestamp = 1422027546): DataPoint {
  return { metric, timestamp, unit: 's', value, tags: {} };
}

export function idsOf(body: string): (string | undefined)[] {
  return (JSON.parse(body) as { readonly id?: string }[]).map(({ id }) => id);
}
