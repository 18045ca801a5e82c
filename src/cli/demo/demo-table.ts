// The table of `demo`: runs, round-trip times and errors in OpenTSDB by continent and by provider.

import Table from 'cli-table3';
import type { DataPoint } from '../../model/point.ts';
import { quantiles, type Quantiles } from '../../simulator/agents/quantiles.ts';
import type { SimulatedTest } from '../../simulator/runs/tests.ts';
import { formatCount, noBorders } from '../terminal-text.ts';

export interface DemoTable {
  /** Adds a point that OpenTSDB has stored. */
  add(point: DataPoint): void;
  /** The runs whose status OpenTSDB has stored. */
  runsStored(): number;
  /** The points since the previous call. */
  table(): string;
}

/** The runs of one continent or one provider. */
interface Group {
  runs: number;
  errors: number;
  readonly rttMs: Quantiles;
}

type Groups = Map<string, Group>;

const maxRows = 8;
const metricName = /^catchpoint\.(rtt|status)\.by_(node|continent|isp)\.(\d+)$/;

/** Leaves the RTT of web tests out, since pages take seconds. */
export function demoTable(tests: readonly SimulatedTest[]): DemoTable {
  const rttTests = tests.filter(({ kind }) => ['dns', 'ping', 'traceroute'].includes(kind));
  const rttTestIds = new Set(rttTests.map(({ id }) => String(id)));
  let byDimension = { continent: new Map() as Groups, isp: new Map() as Groups };
  let runsStored = 0;
  return {
    add({ metric, tags, value }) {
      const [, measure, dimension, testId = ''] = metricName.exec(metric) ?? [];
      if (measure === 'status' && dimension === 'node') runsStored += 1;
      if (dimension !== 'continent' && dimension !== 'isp') return;
      const group = groupOf(byDimension[dimension], tags[dimension] ?? '');
      if (measure === 'status') group.runs += 1;
      if (measure === 'status' && tags['status'] === 'error') group.errors += 1;
      if (measure === 'rtt' && rttTestIds.has(testId)) group.rttMs.add(Number(value));
    },
    runsStored: () => runsStored,
    table() {
      const text = tableText(byDimension.continent, byDimension.isp);
      byDimension = { continent: new Map(), isp: new Map() };
      return text;
    },
  };
}

function groupOf(groups: Groups, name: string): Group {
  const group = groups.get(name) ?? { runs: 0, errors: 0, rttMs: quantiles() };
  groups.set(name, group);
  return group;
}

const emptyRow = ['', '', '', '', ''];

function tableText(continents: Groups, providers: Groups): string {
  const figures = ['runs', 'p50 ms', 'p95 ms', 'errors'];
  const right = figures.map(() => 'right' as const);
  const table = new Table({
    head: ['continent', ...figures, '', 'provider', ...figures],
    colAligns: ['left', ...right, 'left', 'left', ...right],
    colWidths: [13, 7, 8, 8, 8, 3, 21, 7, 8, 8, 8],
    chars: { ...noBorders, mid: '─' },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  const [left, others] = [rowsOf(continents), rowsOf(providers)];
  for (let row = 0; row < Math.max(left.length, others.length); row += 1) {
    table.push([...(left[row] ?? emptyRow), '', ...(others[row] ?? emptyRow)]);
  }
  return table.toString().replaceAll(/ +$/gm, '');
}

/** The groups with the most runs. Tag values have underscores for spaces. */
function rowsOf(groups: Groups): string[][] {
  return [...groups]
    .toSorted(([, a], [, b]) => b.runs - a.runs)
    .slice(0, maxRows)
    .map(([name, { runs, errors, rttMs }]) => {
      const errorShare = runs === 0 ? '' : `${((errors / runs) * 100).toFixed(1)} %`;
      const [p50, p95] = [rttMs.at(0.5), rttMs.at(0.95)].map((ms) => (ms === undefined ? '–' : formatCount(ms)));
      return [name.replaceAll('_', ' '), formatCount(runs), p50 as string, p95 as string, errorShare];
    });
}
