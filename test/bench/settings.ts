// What can be asked of the benchmark on its command line.

import { parseArgs } from 'node:util';
import { type BodyKind, bodyKinds } from './bodies.ts';

export const partNames = ['pushes', 'drain', 'start', 'growth', 'profile'] as const;
export type Part = (typeof partNames)[number];

export interface Settings {
  readonly only: readonly Part[];
  readonly body: BodyKind;
  readonly connections: number;
  /** A connection for each push, as each of Catchpoint's agents makes. */
  readonly isNewEach: boolean;
  readonly isTls: boolean;
  readonly nodes: number;
  readonly tests: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Points that wait when the draining begins. */
  readonly backlog: number;
  /** Bridges with so many workers each, measured in the same turns. */
  readonly workers: readonly number[];
  /** Another checkout of the bridge, built, measured in the same turns. */
  readonly against: string | undefined;
}

const usual = {
  only: { type: 'string', default: partNames.filter((name) => name !== 'profile').join(',') },
  body: { type: 'string', default: 'dns' },
  connections: { type: 'string', default: '16' },
  new: { type: 'boolean', default: false },
  tls: { type: 'boolean', default: false },
  nodes: { type: 'string', default: '3000' },
  tests: { type: 'string', default: '100' },
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '4' },
  backlog: { type: 'string', default: '700000' },
  workers: { type: 'string', default: '' },
  against: { type: 'string' },
} as const;

/** The settings of this run. Throws for a word that is none of those that can be asked for. */
export function readSettings(): Settings {
  const { values } = parseArgs({ options: usual });
  return {
    only: values.only.split(',').map((word) => oneOf(partNames, word)),
    body: oneOf(bodyKinds, values.body),
    connections: Number(values.connections),
    isNewEach: values.new,
    isTls: values.tls,
    nodes: Number(values.nodes),
    tests: Number(values.tests),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    backlog: Number(values.backlog),
    workers: values.workers.split(',').filter((word) => word !== '').map(Number),
    against: values.against,
  };
}

function oneOf<Word extends string>(words: readonly Word[], found: string): Word {
  const word = words.find((each) => each === found);
  if (word === undefined) throw new Error(`expected one of ${words.join(', ')}, found ${found}`);
  return word;
}
