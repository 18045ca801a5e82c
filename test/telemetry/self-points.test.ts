// The bridge's own metrics as data points.

import test from 'ava';
import { expanded } from '../../src/model/factored-points.ts';
import type { DataPoint, Points } from '../../src/model/point.ts';
import { renderPutLine } from '../../src/sinks/opentsdb/text/point-text.ts';
import { renderLegal } from '../../src/sinks/opentsdb/text/render.ts';
import { metrics } from '../../src/telemetry/metrics/all-metrics.ts';
import { deliverSelfPoints, selfPoints } from '../../src/telemetry/self-points.ts';
import type { Snapshot } from '../../src/telemetry/snapshot.ts';
import { telemetry } from '../../src/telemetry/telemetry.ts';
import { readLog } from '../fakes/log.ts';
import { seenAtMs, sinkOf, snapshotOf } from '../fakes/snapshot.ts';
import { movableClock } from '../fakes/time.ts';

const names = { prefix: 'catchpoint.bridge', resolution: 's', host: 'bridge-1' } as const;

test('each sample becomes a point with the host tag, in the configured time unit', (t) => {
  const lines = selfPoints(snapshotOf(), names).map(renderPutLine);
  for (const line of [
    'put catchpoint.bridge.pushes_total 1794996000 12.0 host=bridge-1 outcome=taken',
    'put catchpoint.bridge.push_duration_seconds_count 1794996000 4.0 host=bridge-1',
    'put catchpoint.bridge.push_duration_seconds_sum 1794996000 5.5 host=bridge-1',
    'put catchpoint.bridge.sink_oldest_point_age_seconds 1794996000 1.5 host=bridge-1 sink=opentsdb',
    'put catchpoint.bridge.dead_letters_added_total 1794996000 0.0 host=bridge-1 kind=kept-too-long',
  ]) {
    t.true(lines.includes(line), line);
  }
  t.is(selfPoints(snapshotOf(), { ...names, resolution: 'ms' })[0]?.timestamp, seenAtMs);
});

test('OpenTSDB accepts the points whatever the host and the sinks are called', (t) => {
  const snapshot = snapshotOf({ version: '', sinks: [sinkOf({ name: 'tsdb (Zürich)' })] });
  const { legal, rejected } = renderLegal(selfPoints(snapshot, { ...names, host: '' }), 'put', 1024);
  t.deepEqual(rejected, []);
  t.true(legal.length > metrics.length);
  t.true(legal.some(({ text }) => text.endsWith('host=unknown sink=tsdb_Zurich')));
});

async function delivering(t: { teardown(end: () => void): void }, snapshot: () => Snapshot, fail?: string) {
  const clock = movableClock(seenAtMs);
  const { log, lines } = readLog();
  const delivered: (readonly DataPoint[])[] = [];
  const append = async (points: Points) => {
    if (fail !== undefined) throw new Error(fail);
    delivered.push(expanded(points));
    return 'stored' as const;
  };
  const counters = telemetry({ clock });
  const end = new AbortController();
  const options = {
    ...names,
    prefix: 'own',
    everyMs: 60_000,
    snapshot: async () => snapshot(),
    spool: { append },
    counters,
    clock,
    log,
  };
  const running = deliverSelfPoints(options, end.signal);
  t.teardown(() => end.abort());
  return { clock, delivered, lines, counters, running, end };
}

test('the points are delivered at each interval and counted as a source', async (t) => {
  const { clock, delivered, counters, running, end } = await delivering(t, () => snapshotOf());
  await clock.advance(59_999);
  t.is(delivered.length, 0);
  await clock.advance(60_001);
  t.is(delivered.length, 2);
  t.is(delivered[0]?.[0]?.metric, 'own.pushes_total');
  t.like(counters.counts().sources[0], { name: 'bridge', deliveries: 2 });
  end.abort();
  await running;
});

test('the points are skipped while the spool is more than half full, with a throttled log line', async (t) => {
  const { spool } = snapshotOf();
  let waitingBytes = spool.maxBytes / 2 + 1;
  const { clock, delivered, lines } = await delivering(t, () => snapshotOf({ spool: { ...spool, waitingBytes } }));
  await clock.advance(60_000);
  t.is(delivered.length, 0);
  t.like(lines()[0], { reason: 'the spool is more than half full', times: 1 });
  waitingBytes -= 1;
  await clock.advance(60_000);
  t.is(delivered.length, 1);
});

test('a failed delivery is not retried', async (t) => {
  const { clock, lines } = await delivering(t, () => snapshotOf(), 'spool: full');
  await clock.advance(60_000);
  t.like(lines(), { length: 1, 0: { reason: 'spool: full', msg: "the bridge's own metrics are not delivered" } });
});
