// Aggregates the latest runs for the map and its table, by node and by one of the seven slices, with filters.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MapNode, MapStats, RunStats, SliceName } from './messages.ts';
import type { PushHistory } from './push-history.ts';
import { bucketCount, quantileOf } from './rtt-buckets.ts';
import type { RunRing } from './run-ring.ts';

/** The fields of a node that slices and filters use. */
export interface SlicedNode extends Omit<MapNode, 'name' | 'x' | 'y'> {
  readonly name?: string | undefined;
}

export interface MapQuery {
  /** Undefined: all tests. */
  readonly testId?: number | undefined;
  readonly by: SliceName;
  readonly continent?: string | undefined;
  readonly isp?: string | undefined;
  readonly minutes: number;
}

type FindNode = (id: number) => SlicedNode | undefined;

/** Counts and RTT histograms, a row for each node or slice. */
interface Sums {
  readonly runs: Uint32Array;
  readonly errors: Uint32Array;
  readonly buckets: Uint32Array;
}

/** Runs that are added before other work gets a turn. */
const runsPerTurn = 65_536;
const maxRows = 300;
const unknown = '(unknown)';

export async function mapAggregates(
  history: Pick<PushHistory, 'ring' | 'nodes' | 'tests'>,
  find: FindNode,
  query: MapQuery,
  nowMs: number,
): Promise<MapStats> {
  const { ring, nodes, tests } = history;
  const sums = emptySums(nodes.end());
  const oldestS = await addRuns(ring, sums, {
    isIncluded: includedNodes(nodes, find, query),
    test: query.testId === undefined ? undefined : (tests.find(query.testId) ?? -1),
    sinceS: nowMs / 1000 - query.minutes * 60,
  });
  await nextTurn();
  const ofNodes = nodeStats(nodes, sums);
  await nextTurn();
  const { all, rows } = await sliceStats(nodes, find, sums, query.by);
  return {
    sinceMs: oldestS === undefined ? undefined : oldestS * 1e3,
    all,
    nodes: ofNodes,
    rows: rows.slice(0, maxRows),
    rowsLeftOut: Math.max(0, rows.length - maxRows),
  };
}

function emptySums(rows: number): Sums {
  return { runs: new Uint32Array(rows), errors: new Uint32Array(rows), buckets: new Uint32Array(rows * bucketCount) };
}

/** By node number, 1 for nodes that pass the filters. */
function includedNodes(nodes: PushHistory['nodes'], find: FindNode, { continent, isp }: MapQuery): Uint8Array {
  const included = new Uint8Array(nodes.end());
  if (continent === undefined && isp === undefined) return included.fill(1);
  return included.map((_, number) => {
    const node = find(nodes.idOf(number) ?? 0);
    const isIncluded =
      node !== undefined &&
      (continent === undefined || node.continent === continent) &&
      (isp === undefined || node.isp === isp);
    return isIncluded ? 1 : 0;
  });
}

interface RunFilter {
  readonly isIncluded: Uint8Array;
  /** Undefined: all tests. */
  readonly test: number | undefined;
  readonly sinceS: number;
}

/** Adds the runs from the newest to the oldest, without those that arrive meanwhile; returns the time of the oldest. */
async function addRuns(
  ring: RunRing,
  { runs, errors, buckets }: Sums,
  { isIncluded, test, sinceS }: RunFilter,
): Promise<number | undefined> {
  const { columns } = ring;
  const count = ring.count();
  const newest = ring.indexOf(0);
  let oldestS: number | undefined;
  for (let age = 0; age < count; age += 1) {
    const at = (newest - age) & (columns.node.length - 1);
    const atS = columns.atS[at] as number;
    if (atS < sinceS) break;
    oldestS = atS;
    const node = columns.node[at] as number;
    if (isIncluded[node] === 1 && (test === undefined || columns.test[at] === test)) {
      runs[node] = (runs[node] as number) + 1;
      if (columns.error[at] !== 0) errors[node] = (errors[node] as number) + 1;
      const bucket = node * bucketCount + (columns.bucket[at] as number);
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    if (age % runsPerTurn === runsPerTurn - 1) await nextTurn();
  }
  return oldestS;
}
function nodeStats(nodes: PushHistory['nodes'], sums: Sums): MapStats['nodes'] {
  const stats: MapStats['nodes'][number][] = [];
  for (const [number, runs] of sums.runs.entries()) {
    const id = nodes.idOf(number);
    if (id !== undefined && runs !== 0) stats.push({ id, ...statsAt(sums, number) });
  }
  return stats;
}

function statsAt({ runs, errors, buckets }: Sums, row: number): RunStats {
  const offset = row * bucketCount;
  return {
    runs: runs[row] as number,
    errors: errors[row] as number,
    p50Ms: quantileOf(buckets, 0.5, offset),
    p95Ms: quantileOf(buckets, 0.95, offset),
  };
}

/** Row 0 sums all slices. */
async function sliceStats(
  nodes: PushHistory['nodes'],
  find: FindNode,
  sums: Sums,
  by: SliceName,
): Promise<Pick<MapStats, 'all' | 'rows'>> {
  const rowOf = new Map<string, number>();
  const rowOfNode = new Uint32Array(sums.runs.length);
  for (const [number, runs] of sums.runs.entries()) {
    if (runs === 0) continue;
    const value = valueOf(nodes.idOf(number), find, by);
    const row = rowOf.get(value) ?? rowOf.size + 1;
    rowOf.set(value, row);
    rowOfNode[number] = row;
  }
  const slices = emptySums(rowOf.size + 1);
  for (const [number, runs] of sums.runs.entries()) {
    if (runs !== 0) for (const row of [0, rowOfNode[number] as number]) addRow(sums, number, slices, row);
    if (number % 500 === 499) await nextTurn();
  }
  const rows = [...rowOf]
    .map(([value, row]) => ({ value, ...statsAt(slices, row) }))
    .toSorted((a, b) => b.runs - a.runs);
  return { all: statsAt(slices, 0), rows };
}

function addRow(from: Sums, number: number, to: Sums, row: number): void {
  to.runs[row] = (to.runs[row] as number) + (from.runs[number] as number);
  to.errors[row] = (to.errors[row] as number) + (from.errors[number] as number);
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    const target = row * bucketCount + bucket;
    to.buckets[target] = (to.buckets[target] as number) + (from.buckets[number * bucketCount + bucket] as number);
  }
}

function valueOf(id: number | undefined, find: FindNode, by: SliceName): string {
  if (id === undefined) return unknown;
  const node = find(id);
  if (by === 'node') return `${node?.name ?? 'not known yet'} (${id})`;
  return node?.[by]?.toString() ?? unknown;
}
