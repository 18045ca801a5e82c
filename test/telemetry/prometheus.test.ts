// The metrics page in Prometheus' text format.

import test from 'ava';
import { metrics } from '../../src/telemetry/metrics/all-metrics.ts';
import { metricsPage } from '../../src/telemetry/prometheus.ts';
import { sinkOf, snapshotOf } from '../fakes/snapshot.ts';

const linesOf = (text: string, name: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`catchpoint_bridge_${name}`));

test('counters and gauges are written with labels and values', async (t) => {
  const text = await metricsPage().text(snapshotOf());
  t.deepEqual(linesOf(text, 'pushes_total'), [
    'catchpoint_bridge_pushes_total{outcome="taken"} 12',
    'catchpoint_bridge_pushes_total{outcome="missed"} 1',
    'catchpoint_bridge_pushes_total{outcome="malformed"} 0',
  ]);
  t.deepEqual(linesOf(text, 'sink_oldest_point_age_seconds'), [
    'catchpoint_bridge_sink_oldest_point_age_seconds{sink="opentsdb"} 1.5',
  ]);
  t.deepEqual(linesOf(text, 'build_info'), ['catchpoint_bridge_build_info{version="1.2.3"} 1']);
  t.true(text.includes('# TYPE catchpoint_bridge_sink_up gauge'));
});

test('a histogram is written as cumulative buckets, sum and count', async (t) => {
  const text = await metricsPage().text(snapshotOf());
  t.deepEqual(linesOf(text, 'sink_write_duration_seconds'), [
    'catchpoint_bridge_sink_write_duration_seconds_bucket{sink="opentsdb",le="0.01"} 1',
    'catchpoint_bridge_sink_write_duration_seconds_bucket{sink="opentsdb",le="0.1"} 3',
    'catchpoint_bridge_sink_write_duration_seconds_bucket{sink="opentsdb",le="+Inf"} 4',
    'catchpoint_bridge_sink_write_duration_seconds_sum{sink="opentsdb"} 5.5',
    'catchpoint_bridge_sink_write_duration_seconds_count{sink="opentsdb"} 4',
  ]);
});

test('the Docker source has its metrics, which are absent without it', async (t) => {
  const text = await metricsPage().text(snapshotOf());
  t.deepEqual(
    text.split('\n').filter((line) => line.startsWith('catchpoint_bridge_docker_')),
    [
      'engine_up 1',
      'engine_info{product="Docker",version="20.10.24",api_version="1.41",cgroup="v1"} 1',
      'containers{state="running"} 50',
      'containers{state="exited"} 51',
      'containers_excluded 52',
      'polls_total{outcome="completed"} 53',
      'polls_total{outcome="late"} 54',
      'polls_total{outcome="failed"} 55',
      'poll_duration_seconds 0.12',
      'last_poll_timestamp_seconds 1794995997',
      'samples_total 56',
      'skipped_total{reason="timeout"} 57',
      'skipped_total{reason="not-measured"} 58',
      'events_total{event="exit"} 59',
      'events_total{event="oom_kill"} 60',
      'events_total{event="restart"} 61',
      'events_connected 1',
    ].map((line) => `catchpoint_bridge_docker_${line}`),
  );
  const { docker: _, ...withoutDocker } = snapshotOf();
  t.deepEqual(linesOf(await metricsPage().text(withoutDocker), 'docker_'), []);
});

test('an engine is up while it answers, and not before its first answer', async (t) => {
  const { docker } = snapshotOf();
  const upWith = async (changes: Partial<NonNullable<typeof docker>>): Promise<string[]> =>
    linesOf(
      await metricsPage().text(snapshotOf({ ...(docker && { docker: { ...docker, ...changes } }) })),
      'docker_engine',
    );
  t.deepEqual(await upWith({ engine: undefined }), ['catchpoint_bridge_docker_engine_up 0']);
  t.is((await upWith({ failingSinceMs: 1 }))[0], 'catchpoint_bridge_docker_engine_up 0');
});

test('each page shows its own snapshot alone: removed series and unknown values are absent', async (t) => {
  const page = metricsPage();
  await page.text(snapshotOf({ sinks: [sinkOf(), sinkOf({ name: 'file' })] }));
  const { nodes, spool } = snapshotOf();
  const text = await page.text(
    snapshotOf({
      nodes: { ...nodes, refreshedAtMs: undefined },
      spool: { ...spool, freeBytes: undefined },
      process: undefined,
    }),
  );
  t.is(linesOf(text, 'sink_up').length, 1);
  for (const name of ['nodes_refreshed_timestamp_seconds', 'spool_disk_free_bytes', 'process_'])
    t.deepEqual(linesOf(text, name), [], name);
  t.true(
    linesOf(text, 'pushes_total').includes('catchpoint_bridge_pushes_total{outcome="taken"} 12'),
    'counters do not accumulate over pages',
  );
});

test('the page has exactly the defined metrics, each with all its labels', async (t) => {
  const text = await metricsPage().text(
    snapshotOf({
      archive: { archived: 1, lost: 0, lastError: undefined },
      goneSinks: [
        {
          name: 'old',
          through: 1,
          backlog: { points: 1, bytes: 1, oldestAtMs: 1 },
          retrySet: { points: 0, bytes: 0 },
          isConfigured: false,
        },
      ],
    }),
  );
  const types = [...text.matchAll(/^# TYPE catchpoint_bridge_(\S+) (\S+)$/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  t.deepEqual(
    types,
    metrics.map(({ name, type }) => `${name} ${type}`),
  );
  for (const { name, labels = [], type } of metrics) {
    const begins = new RegExp(`^catchpoint_bridge_${name}${type === 'histogram' ? '_count' : ''}[{ ]`);
    const sample = text.split('\n').find((line) => begins.test(line)) ?? 'none';
    t.deepEqual(
      [...sample.matchAll(/([a-z_]+)="/g)].map(([, label]) => label),
      [...labels],
      name,
    );
  }
});
