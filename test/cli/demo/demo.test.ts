// `demo`: the real bridge between a simulated Catchpoint and an OpenTSDB, and the table.

import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../src/runtime/clock.ts';
import { demo, type DemoOptions } from '../../../src/cli/demo/demo.ts';
import { demoTable } from '../../../src/cli/demo/demo-table.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { DataPoint } from '../../../src/model/point.ts';
import { seeded } from '../../../src/simulator/seeded.ts';
import { simulatedTests } from '../../../src/simulator/runs/tests.ts';
import { openTsd, type Tsd } from '../../../src/simulator/tsd/tsd.ts';

/** Runs until the output matches `until`. */
async function played(until: RegExp, options: Partial<DemoOptions> = {}): Promise<{ exitCode: number; text: string }> {
  const end = new AbortController();
  let text = '';
  const write = (more: string): void => {
    text += more;
    if (until.test(text)) end.abort();
  };
  const context = { clock: systemClock(), random: seeded(2), log: silentLog(), pid: 4711 };
  const exitCode = await demo({ ...context, write, signal: end.signal, nodes: 30, rate: 50, ...options });
  return { exitCode, text };
}

async function tsd(t: ExecutionContext): Promise<Tsd> {
  const opened = await openTsd();
  t.teardown(() => opened.close());
  return opened;
}

const secondWithPoints = /[1-9]\d* pushes\/s +[1-9][\d,]* points\/s/;

test('pushes arrive in OpenTSDB, and none is lost', async (t) => {
  const { exitCode, text } = await played(secondWithPoints);
  t.is(exitCode, 0, text);
  t.regex(
    text,
    /^Catchpoint \(simulated\) +http:\/\/127\.0\.0\.1:\d+ +30 nodes in \d+ countries, 50 pushes a second$/m,
  );
  t.regex(text, /^bridge, takes pushes +http:\/\/127\.0\.0\.1:\d+$/m);
  t.regex(text, /^OpenTSDB \(simulated\) +http:\/\/127\.0\.0\.1:\d+$/m);
  const [, sent, taken] = /^pushes +sent (\d+), taken (\d+)/m.exec(text) ?? [];
  t.is(sent, taken);
  t.regex(text, /^points +accepted [1-9][\d,]*, rejected 0$/m);
  t.regex(text, /^lost +0$/m);
});

test('with a Docker Engine its containers arrive in OpenTSDB too, and no push counts as lost', async (t) => {
  const { exitCode, text } = await played(/^shop-web-1 +shop +\d+\.\d +[\d.]+ MiB/m, { hasDocker: true });
  t.is(exitCode, 0, text);
  t.regex(text, /^Docker \(simulated\) +http:\/\/127\.0\.0\.1:\d+ +12 containers, polled every two seconds$/m);
  t.regex(text, /^docker +samples [1-9]\d* in [1-9]\d* polls, skipped 0; exits \d+, restarts \d+, OOM kills \d+$/m);
  t.regex(text, /^lost +0$/m);
});

test('without a Docker Engine nothing is said of containers', async (t) => {
  const { text } = await played(secondWithPoints);
  t.notRegex(text, /docker/i);
});

test('a given OpenTSDB gets the points', async (t) => {
  const real = await tsd(t);
  const { exitCode, text } = await played(secondWithPoints, { tsdb: { host: '127.0.0.1', port: real.port } });
  t.is(exitCode, 0, text);
  t.true(text.includes(`${real.url}\n`));
  const [, accepted = ''] = /^points +accepted ([\d,]+)/m.exec(text) ?? [];
  t.is(real.points().length, Number(accepted.replaceAll(',', '')));
  t.true(real.points().some(({ metric }) => metric.startsWith('catchpoint.rtt.by_continent.')));
});

test('a signal before the first push ends the demo', async (t) => {
  const { exitCode } = await played(/./);
  t.is(exitCode, 0);
});

const tests = simulatedTests();

function point(metric: string, value: number, tags: DataPoint['tags']): DataPoint {
  return { metric, timestamp: 1794994452, unit: 's', value: value.toFixed(1), tags: { nodeid: '1', ...tags } };
}

test('the table shows RTT and errors by continent and provider since the previous one', (t) => {
  const table = demoTable(tests);
  for (let run = 0; run < 10; run += 1) {
    const status = run < 3 ? 'error' : 'ok';
    table.add(point('catchpoint.status.by_node.204417', 1, { status }));
    table.add(point('catchpoint.status.by_continent.204417', 1, { continent: 'South_America', status }));
    table.add(point('catchpoint.rtt.by_continent.204417', 40, { continent: 'South_America' }));
    table.add(point('catchpoint.status.by_isp.204417', 1, { isp: 'Vivo', status: 'ok' }));
    table.add(point('catchpoint.rtt.by_isp.204417', 9, { isp: 'Vivo' }));
  }
  t.is(table.runsStored(), 10);
  t.regex(table.table(), /^South America +10 +40 +40 +30\.0 % +Vivo +10 +9 +9 +0\.0 %$/m);
  t.notRegex(table.table(), /South America|Vivo/);
});

test('the table leaves out the RTT of web tests', (t) => {
  const table = demoTable(tests);
  table.add(point('catchpoint.status.by_continent.318842', 1, { continent: 'Asia', status: 'ok' }));
  table.add(point('catchpoint.rtt.by_continent.318842', 4000, { continent: 'Asia' }));
  t.regex(table.table(), /^Asia +1 +– +– +0\.0 %$/m);
});

test('the table fits in 100 columns', (t) => {
  const table = demoTable(tests);
  table.add(point('catchpoint.status.by_continent.204417', 1, { continent: 'North_America', status: 'ok' }));
  table.add(point('catchpoint.status.by_isp.204417', 1, { isp: 'Turkcell_Superonline_and_then_some', status: 'ok' }));
  t.true(
    table
      .table()
      .split('\n')
      .every((line) => Array.from(line).length <= 100),
  );
});
