// The pushes of the benchmark, in three sizes. Each push is a run of its own, written into one buffer to save time.

import { readFileSync } from 'node:fs';

const golden = new URL('../../../test/golden/catchpoint/', import.meta.url).pathname;

export const bodyKinds = ['dns', 'web', 'template'] as const;
export type BodyKind = (typeof bodyKinds)[number];

/** The sizes, about those of Catchpoint. */
const sizes: Readonly<Record<BodyKind, number>> = { dns: 350, web: 5_000, template: 2_500 };
const samples: Readonly<Record<BodyKind, string>> = {
  dns: 'ns1-sample.json',
  web: 'web.json',
  template: 'template-grafana.json',
};

export interface Bodies {
  /** Returns the next push, each with another run. */
  next(): Buffer;
  readonly bytes: number;
}

export interface BodiesOptions {
  readonly kind: BodyKind;
  readonly nodeIds: readonly number[];
  readonly tests: number;
}

const firstMs = Date.UTC(2026, 0, 1);
/** Placeholders of the variable parts, with their widths. */
const [markTest, markNode, markTime] = ['11111111', '22222222', digitsOf(firstMs)];

/** Ids have eight digits, so that all bodies have the same length. */
export function bodiesOf({ kind, nodeIds, tests }: BodiesOptions): Bodies {
  const text = templateOf(kind);
  const template = Buffer.from(text);
  const at = { test: text.indexOf(markTest), node: text.indexOf(markNode), time: text.indexOf(markTime) };
  let count = 0;
  return {
    bytes: template.length,
    next() {
      const body = Buffer.from(template);
      count += 1;
      body.write(String(10_000_000 + (count % tests)), at.test, 'latin1');
      body.write(String(nodeIds[count % nodeIds.length]), at.node, 'latin1');
      body.write(digitsOf(firstMs + count), at.time, 'latin1');
      return body;
    },
  };
}

/** yyyyMMddHHmmssfff in UTC, as Catchpoint's Summary.Timestamp. */
function digitsOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\D/g, '');
}

function templateOf(kind: BodyKind): string {
  const sample = readFileSync(golden + samples[kind], 'utf8');
  const marks: Readonly<Record<string, string>> = { TestId: markTest, NodeId: markNode, Timestamp: markTime };
  const marked = (name: string, value: unknown): unknown => {
    const mark = marks[name];
    return mark === undefined ? value : typeof value === 'number' ? Number(mark) : mark;
  };
  const fixed = JSON.stringify(JSON.parse(sample, marked));
  const missing = sizes[kind] - fixed.length - '"Diagnostics":[],'.length;
  if (missing < 20) return fixed;
  const hops = Array.from({ length: Math.ceil(missing / 60) }, (_, hop) => ({
    Hop: hop,
    Address: `192.0.2.${hop}`,
    RoundTripTime: 12.25 + hop,
  }));
  return `{${JSON.stringify({ Diagnostics: hops }).slice(1, -1)},${fixed.slice(1)}`;
}
