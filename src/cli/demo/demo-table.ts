// The demo's board: what OpenTSDB has been given lately, by continent and by provider, as a table.

import Table from 'cli-table3';
import type { DataPoint } from '../../model/point.ts';
import { quantiles, type Quantiles } from '../../simulator/agents/quantiles.ts';
import type { SimulatedTest } from '../../simulator/runs/tests.ts';
import { count } from '../ticker.ts';

export interface DemoTable {
  /** Takes a point that OpenTSDB has stored. */
  take(point: DataPoint): void;
  /** Runs of which OpenTSDB has the status. */
  runsStored(): number;
  /** What came in since it was last asked for. */
  table(): string;
}

/** The runs of one continent or one provider. */
interface Group {
  runs: number;
  errors: number;
  readonly rttMs: Quantiles;
}

type Groups = Map<string, Group>;

const rows = 8;
const metricShown = /^catchpoint\.(rtt|status)\.by_(node|continent|isp)\.(\d+)$/;

/** Round trips are shown of the tests that measure one; a page's seconds beside them would say nothing. */
export function demoTable(tests: readonly SimulatedTest[]): DemoTable {
  const tripTests = tests.filter(({ kind }) => ['dns', 'ping', 'traceroute'].includes(kind));
  const tripTestIds = new Set(tripTests.map(({ id }) => String(id)));
  let byDimension = { continent: new Map() as Groups, isp: new Map() as Groups };
  let runsStored = 0;
  return {
    take({ metric, tags, value }) {
      const [, measure, dimension, testId = ''] = metricShown.exec(metric) ?? [];
      if (measure === 'status' && dimension === 'node') runsStored += 1;
      if (dimension !== 'continent' && dimension !== 'isp') return;
      const group = groupOf(byDimension[dimension], tags[dimension] ?? '');
      if (measure === 'status') group.runs += 1;
      if (measure === 'status' && tags['status'] === 'error') group.errors += 1;
      if (measure === 'rtt' && tripTestIds.has(testId)) group.rttMs.add(Number(value));
    },
    runsStored: () => runsStored,
    table() {
      const text = tableOf(byDimension.continent, byDimension.isp);
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

function tableOf(continents: Groups, providers: Groups): string {
  const figures = ['runs', 'p50 ms', 'p95 ms', 'errors'];
  const right = figures.map(() => 'right' as const);
  const table = new Table({
    head: ['continent', ...figures, '', 'provider', ...figures],
    colAligns: ['left', ...right, 'left', 'left', ...right],
    colWidths: [13, 7, 8, 8, 8, 3, 21, 7, 8, 8, 8],
    chars: lines,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  const [left, others] = [linesOf(continents), linesOf(providers)];
  for (let row = 0; row < Math.max(left.length, others.length); row += 1) {
    table.push([...(left[row] ?? emptyLine), '', ...(others[row] ?? emptyLine)]);
  }
  return table.toString().replaceAll(/ +$/gm, '');
}

const emptyLine = ['', '', '', '', ''];
/** Cells stand apart by their widths; the only line is the one below the heads. */
const lines = {
  ...Object.fromEntries(['top', 'bottom', 'left', 'right', 'mid'].flatMap(withCorners).map((name) => [name, ''])),
  middle: '',
  mid: '─',
};

function withCorners(side: string): string[] {
  return [side, `${side}-mid`, `${side}-left`, `${side}-right`];
}

/** The groups with the most runs, by name, their underscores read back as spaces. */
function linesOf(groups: Groups): string[][] {
  return [...groups]
    .toSorted(([, a], [, b]) => b.runs - a.runs)
    .slice(0, rows)
    .map(([name, { runs, errors, rttMs }]) => {
      const errorShare = runs === 0 ? '' : `${((errors / runs) * 100).toFixed(1)} %`;
      return [name.replaceAll('_', ' '), count(runs), rounded(rttMs.at(0.5)), rounded(rttMs.at(0.95)), errorShare];
    });
}

function rounded(ms: number | undefined): string {
  return ms === undefined ? '–' : count(ms);
}
