// Reads the golden vectors in test/golden/backstop: a request, and for each naming the answer, the points and their annotations.

import { readFileSync } from 'node:fs';
import type { Naming } from '../../../src/sources/backstop/naming.ts';

export interface Outcome {
  readonly naming: Naming;
  readonly status: number;
  /** Accepted, rejected and skipped; undefined where the whole body was refused. */
  readonly counts: readonly number[] | undefined;
  /** What was said of a body that was refused whole. */
  readonly error: string | undefined;
  /** `metric time value tag=value…` */
  readonly points: readonly string[];
  /** By the number of their point; as far as they are given. */
  readonly annotations: ReadonlyMap<number, Readonly<Record<string, unknown>>>;
  readonly errors: readonly string[];
}

export interface Vector {
  readonly title: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly prefix: string | undefined;
  readonly body: string;
  readonly outcomes: readonly Outcome[];
}

const folder = new URL('../../../../test/golden/backstop/', import.meta.url);
const common = '"host":"web1.prod.eu.example.com","time":1700000000.123';

export function readVectors(name: string): Vector[] {
  const [, ...blocks] = readFileSync(new URL(`${name}.txt`, folder), 'utf8').split(/^= /m);
  return blocks.map((block) => {
    const [head = '', ...outcomes] = block.trimEnd().split(/^< /m);
    const [title = '', request = '', ...rest] = head.trimEnd().split('\n');
    const options = rest
      .filter((line) => line.startsWith(': '))
      .map((line) => line.slice(2).split(/ (.*)/) as [string, string]);
    const { prefix, ...headers } = Object.fromEntries(options);
    const body = rest
      .filter((line) => !line.startsWith(': '))
      .join('\n')
      .replaceAll('{*', `{${common}`);
    return { title, path: request.replace('> POST ', ''), headers, prefix, body, outcomes: outcomes.map(readOutcome) };
  });
}

function readOutcome(text: string): Outcome {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const [, naming, status, rest = ''] = /^(\w+) (\d+)(?: (.*))?$/.exec(head) ?? [];
  const points: string[] = [];
  const annotations = new Map<number, Readonly<Record<string, unknown>>>();
  const errors: string[] = [];
  for (const line of lines) {
    if (line.startsWith('@ '))
      annotations.set(points.length - 1, JSON.parse(line.slice(2)) as Readonly<Record<string, unknown>>);
    else if (line.startsWith('! ')) errors.push(line.slice(2));
    else if (line !== '')
      points.push(
        line.replace(/^H\./, 'mitt.web1-prod-eu.example.com.').replace(/ @( |$)/, ' host=web1.prod.eu.example.com$1'),
      );
  }
  const isCounted = /^[\d ]+$/.test(rest);
  return {
    naming: naming as Naming,
    status: Number(status),
    counts: isCounted ? rest.split(' ').map(Number) : undefined,
    error: isCounted ? undefined : rest,
    points,
    annotations,
    errors,
  };
}
