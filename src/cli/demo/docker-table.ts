// The table of `demo --docker`: what OpenTSDB has of each container.

import Table from 'cli-table3';
import type { DataPoint } from '../../model/point.ts';
import { formatSize, noBorders, printable } from '../terminal-text.ts';

export interface DockerTable {
  /** Adds a point that OpenTSDB has stored; points of other sources are left out. */
  add(point: DataPoint): void;
  /** The containers with points since the previous call. */
  table(): string;
}

interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** A counter over the time of one table. */
interface Counter {
  /** The last value of the table before, or the first of all. */
  readonly first: Sample;
  readonly last: Sample;
}

interface Container {
  readonly name: string;
  readonly project: string;
  /** Whether it has had points since the previous table. */
  isSeen: boolean;
  readonly gauges: Map<string, number>;
  readonly counters: Map<string, Counter>;
}

const counterNames = ['network.rx_bytes', 'network.tx_bytes'];
const gaugeNames = ['cpu.percent', 'memory.used', 'memory.percent', 'restarts', 'oom_kills'];

/** Takes the metrics of naming `tags`, with the prefix `docker`. */
export function dockerTable(): DockerTable {
  const containers = new Map<string, Container>();
  return {
    add(point) {
      const { metric, tags, value } = point;
      const name = tags['container'];
      if (!metric.startsWith('docker.') || name === undefined) return;
      const figure = metric.slice('docker.'.length);
      const container = containers.get(name) ?? newContainer(name, tags['project'] ?? '');
      containers.set(name, container);
      container.isSeen = true;
      if (gaugeNames.includes(figure)) container.gauges.set(figure, Number(value));
      if (counterNames.includes(figure)) count(container, figure, { atMs: timeOf(point), value: Number(value) });
    },
    table() {
      const text = tableText([...containers.values()].filter(({ isSeen }) => isSeen));
      for (const container of containers.values()) beginAgain(container);
      return text;
    },
  };
}

function newContainer(name: string, project: string): Container {
  return { name, project, isSeen: true, gauges: new Map(), counters: new Map() };
}

/** ms since 1970 UTC */
function timeOf({ timestamp, unit }: DataPoint): number {
  return unit === 's' ? timestamp * 1000 : timestamp;
}

/** A counter that falls begins anew: its container was started again. */
function count({ counters }: Container, figure: string, sample: Sample): void {
  const known = counters.get(figure);
  const first = known === undefined || sample.value < known.last.value ? sample : known.first;
  counters.set(figure, { first, last: sample });
}

function beginAgain(container: Container): void {
  container.isSeen = false;
  for (const [figure, { last }] of container.counters) container.counters.set(figure, { first: last, last });
}

const head = ['container', 'project', 'CPU %', 'memory', 'of limit', 'received/s', 'sent/s', 'restarts', 'OOM kills'];

function tableText(containers: readonly Container[]): string {
  const table = new Table({
    head,
    colAligns: head.map((_, column) => (column < 2 ? 'left' : 'right')),
    colWidths: [20, 11, 7, 11, 10, 12, 12, 10, 11],
    chars: { ...noBorders, mid: '─' },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...containers.toSorted(byProject).map(rowOf));
  return table.toString().replaceAll(/ +$/gm, '');
}

function byProject(a: Container, b: Container): number {
  return a.project.localeCompare(b.project) || a.name.localeCompare(b.name);
}

function rowOf({ name, project, gauges, counters }: Container): string[] {
  const shown = (figure: string, format: (value: number) => string): string => {
    const value = gauges.get(figure);
    return value === undefined ? '–' : format(value);
  };
  return [
    printable(name),
    printable(project),
    shown('cpu.percent', (percent) => percent.toFixed(1)),
    shown('memory.used', formatSize),
    shown('memory.percent', (percent) => `${percent.toFixed(1)} %`),
    rateText(counters.get('network.rx_bytes')),
    rateText(counters.get('network.tx_bytes')),
    shown('restarts', String),
    shown('oom_kills', String),
  ];
}

function rateText(counter: Counter | undefined): string {
  if (counter === undefined) return '–';
  const { first, last } = counter;
  return last.atMs === first.atMs ? '–' : formatSize(((last.value - first.value) / (last.atMs - first.atMs)) * 1000);
}
