// The table of containers that `demo --docker` shows.

import test from 'ava';
import { dockerTable } from '../../../src/cli/demo/docker-table.ts';
import type { DataPoint } from '../../../src/model/point.ts';

const beginS = 1_794_994_452;

function point(figure: string, value: string, { container = 'shop-web-1', project = 'shop', atS = 0 } = {}): DataPoint {
  const metric = `docker.${figure}`;
  return {
    metric,
    timestamp: beginS + atS,
    unit: 's',
    value,
    tags: { host: 'h', container, project },
  };
}

const lineOf = (text: string, container: string): string =>
  text.split('\n').find((line) => line.startsWith(container)) ?? '';

test('a container has the last gauges and the rates of its counters', (t) => {
  const table = dockerTable();
  table.add(point('cpu.percent', '3.0'));
  table.add(point('cpu.percent', '12.5', { atS: 10 }));
  table.add(point('memory.used', '1572864'));
  table.add(point('memory.percent', '1.5'));
  table.add(point('network.rx_bytes', '1000'));
  table.add(point('network.rx_bytes', '21480', { atS: 10 }));
  table.add(point('network.tx_bytes', '5'));
  table.add(point('restarts', '2'));
  t.regex(table.table(), /^shop-web-1 +shop +12\.5 +1\.5 MiB +1\.5 % +2\.0 KiB +– +2 +–$/m);
});

test('a rate goes on from the table before', (t) => {
  const table = dockerTable();
  table.add(point('network.tx_bytes', '100'));
  table.table();
  table.add(point('network.tx_bytes', '400', { atS: 10 }));
  t.regex(lineOf(table.table(), 'shop-web-1'), / 30 bytes/);
});

test('a counter that begins anew has no negative rate', (t) => {
  const table = dockerTable();
  table.add(point('network.rx_bytes', '9000'));
  table.add(point('network.rx_bytes', '100', { atS: 5 }));
  table.add(point('network.rx_bytes', '600', { atS: 10 }));
  t.regex(lineOf(table.table(), 'shop-web-1'), / 100 bytes/);
});

test('a container without points since the table before is left out', (t) => {
  const table = dockerTable();
  table.add(point('cpu.percent', '1.0'));
  t.regex(table.table(), /shop-web-1/);
  t.notRegex(table.table(), /shop-web-1/);
});

test('containers stand by project and name, and other metrics are left out', (t) => {
  const table = dockerTable();
  table.add(point('cpu.percent', '1.0', { container: 'b', project: 'x' }));
  table.add(point('cpu.percent', '1.0', { container: 'a', project: 'x' }));
  table.add(point('cpu.percent', '1.0', { container: 'z', project: 'w' }));
  table.add({ ...point('cpu.percent', '1.0', { container: 'other' }), metric: 'catchpoint.rtt.by_node.1' });
  table.add({ ...point('host.containers.total', '3'), tags: { host: 'h' } });
  const names = table.table().split('\n').slice(2);
  t.deepEqual(
    names.map((line) => line.split(' ')[0]),
    ['z', 'a', 'b'],
  );
});

test('the table fits in 105 columns, and a name controls no terminal', (t) => {
  const table = dockerTable();
  table.add(point('cpu.percent', '1.0', { container: `\u001b[31m${'long'.repeat(20)}` }));
  const text = table.table();
  t.true(text.split('\n').every((line) => Array.from(line).length <= 105));
  t.false(text.includes('\u001b'));
});
