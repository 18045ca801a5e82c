// Adds up the latest runs for the map and its table: by node, and by one of the seven slices, for the filters that were chosen.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MapFigures, MapNode, RunFigures, SliceName } from './messages.ts';
import { bucketCount, quantileOf } from './rtt-buckets.ts';
import type { RunRing } from './run-ring.ts';
import type { PushHistory } from './push-history.ts';

/** A node, as far as it is sliced and filtered. */
export interface SlicedNode extends Omit<MapNode, 'name' | 'x' | 'y'> {
  readonly name?: string | undefined;
}

export interface MapQuery {
  /** Undefined: all of them. */
  readonly testId?: number | undefined;
  readonly by: SliceName;
  readonly continent?: string | undefined;
  readonly isp?: string | undefined;
  /** How far to look back. */
  readonly minutes: number;
}

/** Runs, errors and round trips of many nodes or slices, a row each. */
interface Sums {
  readonly runs: Uint32Array;
  readonly errors: Uint32Array;
  readonly buckets: Uint32Array;
}

const runsInTurn = 65_536;
const mostRows = 300;
const unknown = '(unknown)';

/** @param find - a node of the directory, by its id */
export async function mapAggregates(
  seen: Pick<PushHistory, 'ring' | 'nodes' | 'tests'>,
  find: (id: number) => SlicedNode | undefined,
  query: MapQuery,
  nowMs: number,
): Promise<MapFigures> {
  const end = seen.nodes.end();
  const sums = emptySums(end);
  const test = query.testId === undefined ? undefined : (seen.tests.find(query.testId) ?? -1);
  const sinceS = await addUp(seen.ring, sums, {
    wanted: wantedNodes(seen, find, query, end),
    test,
    sinceS: nowMs / 1000 - query.minutes * 60,
  });
  await nextTurn();
  const nodes = nodeFigures(seen, sums, end);
  await nextTurn();
  const { all, rows } = await sliced(seen, find, sums, query.by, end);
  return {
    sinceMs: sinceS === undefined ? undefined : sinceS * 1e3,
    all,
    nodes,
    rows: rows.slice(0, mostRows),
    rowsLeftOut: Math.max(0, rows.length - mostRows),
  };
}

function emptySums(rows: number): Sums {
  return { runs: new Uint32Array(rows), errors: new Uint32Array(rows), buckets: new Uint32Array(rows * bucketCount) };
}

/** By their numbers, 1 for those that pass the filters. */
function wantedNodes(
  { nodes }: Pick<PushHistory, 'nodes'>,
  find: (id: number) => SlicedNode | undefined,
  query: MapQuery,
  end: number,
): Uint8Array {
  const { continent, isp } = query;
  if (continent === undefined && isp === undefined) return new Uint8Array(end).fill(1);
  return new Uint8Array(end).map((_, number) => {
    const node = find(nodes.idOf(number) ?? 0);
    const fits =
      node !== undefined &&
      (continent === undefined || node.continent === continent) &&
      (isp === undefined || node.isp === isp);
    return fits ? 1 : 0;
  });
}

interface Wanted {
  readonly wanted: Uint8Array;
  /** Undefined: every test. */
  readonly test: number | undefined;
  readonly sinceS: number;
}

/** From the newest run back; others get their turn in between. Returns the time of the oldest that was looked at. */
async function addUp(
  ring: RunRing,
  { runs, errors, buckets }: Sums,
  { wanted, test, sinceS }: Wanted,
): Promise<number | undefined> {
  const { columns, count, next } = ring;
  const size = columns.node.length;
  const newest = next() - 1 + size;
  const length = count();
  let oldestS: number | undefined;
  for (let back = 0; back < length; back += 1) {
    const at = (newest - back) & (size - 1);
    const atS = columns.atS[at] as number;
    if (atS < sinceS) break;
    oldestS = atS;
    const node = columns.node[at] as number;
    if (wanted[node] === 1 && (test === undefined || columns.test[at] === test)) {
      runs[node] = (runs[node] as number) + 1;
      if (columns.error[at] !== 0) errors[node] = (errors[node] as number) + 1;
      const bucket = node * bucketCount + (columns.bucket[at] as number);
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    if (back % runsInTurn === runsInTurn - 1) await nextTurn();
  }
  return oldestS;
}

function nodeFigures({ nodes }: Pick<PushHistory, 'nodes'>, sums: Sums, end: number): MapFigures['nodes'] {
  const figures: MapFigures['nodes'][number][] = [];
  for (let number = 1; number < end; number += 1) {
    const id = nodes.idOf(number);
    if (id !== undefined && sums.runs[number] !== 0) figures.push({ id, ...figuresAt(sums, number) });
  }
  return figures;
}

function figuresAt({ runs, errors, buckets }: Sums, row: number): RunFigures {
  const offset = row * bucketCount;
  return {
    runs: runs[row] as number,
    errors: errors[row] as number,
    p50Ms: quantileOf(buckets, 0.5, offset),
    p95Ms: quantileOf(buckets, 0.95, offset),
  };
}

/** The rows of a slice, and everything together in a row of its own, which is the first. */
async function sliced(
  { nodes }: Pick<PushHistory, 'nodes'>,
  find: (id: number) => SlicedNode | undefined,
  sums: Sums,
  by: SliceName,
  end: number,
): Promise<{ readonly all: RunFigures; readonly rows: MapFigures['rows'] }> {
  const rowOf = new Map<string, number>();
  const rowOfNode = new Uint32Array(end);
  for (let number = 0; number < end; number += 1) {
    if (sums.runs[number] === 0) continue;
    const value = valueOf(nodes.idOf(number), find, by);
    const row = rowOf.get(value) ?? rowOf.size + 1;
    rowOf.set(value, row);
    rowOfNode[number] = row;
  }
  const groups = emptySums(rowOf.size + 1);
  for (let number = 0; number < end; number += 1) {
    if (sums.runs[number] !== 0) for (const row of [0, rowOfNode[number] as number]) addRow(sums, number, groups, row);
    if (number % 500 === 499) await nextTurn();
  }
  const rows = [...rowOf]
    .map(([value, row]) => ({ value, ...figuresAt(groups, row) }))
    .toSorted((a, b) => b.runs - a.runs);
  return { all: figuresAt(groups, 0), rows };
}

function addRow(from: Sums, number: number, to: Sums, row: number): void {
  to.runs[row] = (to.runs[row] as number) + (from.runs[number] as number);
  to.errors[row] = (to.errors[row] as number) + (from.errors[number] as number);
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    const target = row * bucketCount + bucket;
    to.buckets[target] = (to.buckets[target] as number) + (from.buckets[number * bucketCount + bucket] as number);
  }
}

function valueOf(id: number | undefined, find: (id: number) => SlicedNode | undefined, by: SliceName): string {
  if (id === undefined) return unknown;
  const node = find(id);
  if (by === 'node') return `${node?.name ?? 'not known yet'} (${id})`;
  return node?.[by]?.toString() ?? unknown;
}
