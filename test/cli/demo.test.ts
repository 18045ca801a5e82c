// The `demo` command: the real bridge between a simulated Catchpoint and an OpenTSDB, end to end in this process.

import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { demo, type DemoOptions } from '../../src/cli/demo/demo.ts';
import { demoTable } from '../../src/cli/demo/demo-table.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { DataPoint } from '../../src/model/point.ts';
import { seeded } from '../../src/simulator/seeded.ts';
import { simulatedTests } from '../../src/simulator/runs/tests.ts';
import { openTsd, type Tsd } from '../../src/simulator/tsd/tsd.ts';

/** Plays until what it has written matches; its exit code and all that it wrote. */
async function played(until: RegExp, options: Partial<DemoOptions> = {}): Promise<{ exitCode: number; text: string }> {
  const end = new AbortController();
  let text = '';
  const write = (more: string): void => {
    text += more;
    if (until.test(text)) end.abort();
  };
  const ambient = { clock: systemClock(), random: seeded(2), log: silentLog(), pid: 4711 };
  const exitCode = await demo({ ...ambient, write, signal: end.signal, nodes: 30, rate: 50, ...options });
  return { exitCode, text };
}

async function tsd(t: ExecutionContext): Promise<Tsd> {
  const opened = await openTsd();
  t.teardown(() => opened.close());
  return opened;
}

const secondWithPoints = /[1-9]\d* pushes\/s +[1-9][\d,]* points\/s/;

test('plays from the node listing to the points in OpenTSDB, and loses nothing', async (t) => {
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

test('feeds an OpenTSDB that it is given', async (t) => {
  const real = await tsd(t);
  const { exitCode, text } = await played(secondWithPoints, { tsdb: { host: '127.0.0.1', port: real.port } });
  t.is(exitCode, 0, text);
  t.true(text.includes(`${real.url}\n`));
  const [, accepted = ''] = /^points +accepted ([\d,]+)/m.exec(text) ?? [];
  t.is(real.points().length, Number(accepted.replaceAll(',', '')));
  t.true(real.points().some(({ metric }) => metric.startsWith('catchpoint.rtt.by_continent.')));
});

test('ends at once when it is told to before it has begun', async (t) => {
  const { exitCode } = await played(/./);
  t.is(exitCode, 0);
});

const tests = simulatedTests();

function point(metric: string, value: number, tags: DataPoint['tags']): DataPoint {
  return { metric, timestamp: 1794994452, unit: 's', value: value.toFixed(1), tags: { nodeid: '1', ...tags } };
}

test('the board shows round trips and errors by continent and provider, and begins anew each time', (t) => {
  const board = demoTable(tests);
  for (let nth = 0; nth < 10; nth += 1) {
    const status = nth < 3 ? 'error' : 'ok';
    board.take(point('catchpoint.status.by_node.204417', 1, { status }));
    board.take(point('catchpoint.status.by_continent.204417', 1, { continent: 'South_America', status }));
    board.take(point('catchpoint.rtt.by_continent.204417', 40, { continent: 'South_America' }));
    board.take(point('catchpoint.status.by_isp.204417', 1, { isp: 'Vivo', status: 'ok' }));
    board.take(point('catchpoint.rtt.by_isp.204417', 9, { isp: 'Vivo' }));
  }
  t.is(board.runsStored(), 10);
  const table = board.table();
  t.regex(table, /^South America +10 +40 +40 +30\.0 % +Vivo +10 +9 +9 +0\.0 %$/m);
  t.notRegex(board.table(), /South America|Vivo/);
});

test("the board leaves a page's seconds out of the round trips", (t) => {
  const board = demoTable(tests);
  board.take(point('catchpoint.status.by_continent.318842', 1, { continent: 'Asia', status: 'ok' }));
  board.take(point('catchpoint.rtt.by_continent.318842', 4000, { continent: 'Asia' }));
  t.regex(board.table(), /^Asia +1 +– +– +0\.0 %$/m);
});

test('the board fits in 100 columns', (t) => {
  const board = demoTable(tests);
  board.take(point('catchpoint.status.by_continent.204417', 1, { continent: 'North_America', status: 'ok' }));
  board.take(point('catchpoint.status.by_isp.204417', 1, { isp: 'Turkcell_Superonline_and_then_some', status: 'ok' }));
  t.true(
    board
      .table()
      .split('\n')
      .every((line) => [...line].length <= 100),
  );
});
