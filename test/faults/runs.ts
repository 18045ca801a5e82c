// The runs of the generator. Run n always has the same push and the same expected points. Each run has a millisecond of
// its own, by which a point identifies its run.

import { type GoldenNode, goldenNodes } from './golden-table.ts';

export interface Runs {
  /** The push of a run, in Catchpoint's default JSON. */
  body(run: number): string;
  /** The expected lines, `metric timestamp value tags`, in order. */
  points(run: number): readonly string[];
  /** Returns the run of a point's time in ms; it may not have been pushed. */
  runAt(timestampMs: number): number;
}

export const maxPointsOfRun = 16;

const firstMs = Date.UTC(2024, 0, 1);
const tests = 97;
const remembered = 256;

/** @param seed - determines the contents */
export function runsOf(seed: number, nodes: readonly GoldenNode[] = goldenNodes()): Runs {
  const recent = new Map<number, readonly string[]>();
  const traits = (run: number): Traits => traitsOf(mixed(seed, run), run, nodes);
  return {
    body: (run) => bodyOf(traits(run)),
    points(run) {
      let points = recent.get(run);
      if (points === undefined) {
        points = pointsOf(traits(run));
        recent.set(run, points);
        if (recent.size > remembered) recent.delete(recent.keys().next().value as number);
      }
      return points;
    },
    runAt: (timestampMs) => timestampMs - firstMs,
  };
}

/** The parts that differ between runs. */
interface Traits {
  readonly testId: number;
  readonly node: GoldenNode;
  readonly timeMs: number;
  /** In hundredths of a millisecond; undefined: not measured. */
  readonly rtt: number | undefined;
  /** The error's code, or its class. */
  readonly error: number | 'timeout' | undefined;
  /** The push has the AS number. */
  readonly namesAsn: boolean;
}

function traitsOf(chance: number, run: number, nodes: readonly GoldenNode[]): Traits {
  const kind = chance % 100;
  return {
    testId: 200_000 + (run % tests),
    node: nodes[(chance >>> 8) % nodes.length] as GoldenNode,
    timeMs: firstMs + run,
    rtt: kind < 10 ? undefined : (chance >>> 4) % 500_000,
    error: kind < 10 ? 'timeout' : kind < 20 ? 50_000 + kind : undefined,
    namesAsn: chance % 2 === 0,
  };
}

/** Hashes both numbers to 32 bits. */
function mixed(seed: number, run: number): number {
  let bits = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(run + 1, 0xc2b2ae35);
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function bodyOf({ testId, node, timeMs, rtt, error, namesAsn }: Traits): string {
  const stamp = new Date(timeMs).toISOString().replace(/\D/g, '');
  return JSON.stringify({
    Version: 3,
    TestDetail: { Name: 'DNS direct - ns1.example.net (A)', TypeId: 5, MonitorTypeId: 13 },
    TestId: testId,
    ReportWindow: `${stamp.slice(0, 11)}0`,
    NodeId: node.id,
    ...(namesAsn && node.asn !== undefined && { Asn: node.asn }),
    DivisionId: 1033,
    ClientId: 1234,
    Summary: {
      V: 1,
      Timestamp: stamp,
      ...(rtt !== undefined && { Timing: { Total: rtt / 100 } }),
      ...(error !== undefined && {
        Error: { Any: 1, ...(error === 'timeout' ? { Timeout: 1 } : { Dns: 1, Code: error }) },
      }),
      Address: '203.0.113.53',
      Request: 'www.example.com',
    },
  });
}

function pointsOf({ testId, node, timeMs, rtt, error }: Traits): string[] {
  const line = (name: string, dimension: string, value: string, tags: string): string =>
    `catchpoint.${name}.by_${dimension}.${testId} ${timeMs} ${value} ${tags}`;
  const status = error === undefined ? 'ok' : 'error';
  const lines = node.cuts.flatMap(({ dimension, tags }) => [
    ...(rtt === undefined ? [] : [line('rtt', dimension, hundredths(rtt), tags)]),
    line('status', dimension, '1.0', `${tags} status=${status}`),
  ]);
  if (error !== undefined) lines.push(line('error', 'node', '1.0', `nodeid=${node.id} error=${error}`));
  return lines;
}

/** 12345 → 123.45, 12340 → 123.4, 12300 → 123.0 */
function hundredths(value: number): string {
  const rest = String(value % 100).padStart(2, '0');
  return `${Math.floor(value / 100)}.${rest.endsWith('0') ? rest[0] : rest}`;
}
