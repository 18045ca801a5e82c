// The command line of the benchmark.

import { parseArgs } from 'node:util';
import { type BodyKind, bodyKinds } from './bodies.ts';

/** Each part is measured together, and gives these rows of the table. */
const partRows = {
  pushes: [1, 2, 3, 6],
  vmagent: [4],
  latency: [5],
  drain: [7],
  memory: [8],
  growth: [9],
  tls: [10],
  start: [11],
  original: [12],
  waiting: [13],
  docker: [14],
} as const;

export interface Settings {
  /** Rows of the table. */
  readonly only: ReadonlySet<number>;
  /** The arguments. */
  readonly args: readonly string[];
  readonly body: BodyKind;
  readonly nodes: number;
  readonly tests: number;
  readonly rounds: number;
  readonly seconds: number;
  /** The factor for time limits, from the requested rounds and seconds. */
  readonly patience: number;
  /** The points of a backlog. */
  readonly backlog: number;
  /** The runs pushed before the memory is measured. */
  readonly runs: number;
  /** The parent of the state directories, on a disk. */
  readonly dir: string;
  /** A built checkout of another version, measured in the same rounds. */
  readonly against: string | undefined;
  /** The binary; undefined: searched in PATH. */
  readonly vmagent: string | undefined;
  /** Prints a CPU profile of the bridge instead of the table. */
  readonly isProfile: boolean;
  /** Writes the page docs/performance.md. */
  readonly isWritten: boolean;
}

const argumentOptions = {
  only: { type: 'string' },
  long: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  body: { type: 'string', default: 'dns' },
  nodes: { type: 'string', default: '3000' },
  tests: { type: 'string', default: '100' },
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '3' },
  backlog: { type: 'string', default: '700000' },
  runs: { type: 'string', default: '1224000' },
  dir: { type: 'string', default: '/var/tmp' },
  against: { type: 'string' },
  vmagent: { type: 'string' },
} as const;

/** @throws Error for an unknown argument */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({ args: [...args], options: argumentOptions });
  const [rounds, seconds] = [numberOf('rounds', values.rounds), numberOf('seconds', values.seconds)];
  return {
    only: values.only === undefined ? defaultRows(values.long) : rowsOf(values.only),
    args,
    body: oneOf(bodyKinds, values.body),
    nodes: numberOf('nodes', values.nodes),
    tests: numberOf('tests', values.tests),
    rounds,
    seconds,
    patience: Math.max(
      1,
      (rounds * seconds) / (Number(argumentOptions.rounds.default) * Number(argumentOptions.seconds.default)),
    ),
    backlog: numberOf('backlog', values.backlog),
    runs: numberOf('runs', values.runs),
    dir: values.dir,
    against: values.against,
    vmagent: values.vmagent,
    isProfile: values.profile,
    isWritten: values.write,
  };
}

/** Parses comma-separated numbers of rows and names of parts. */
function rowsOf(text: string): Set<number> {
  const names = Object.keys(partRows) as (keyof typeof partRows)[];
  const numbers = Object.values(partRows).flat().map(String);
  return new Set(
    text
      .split(',')
      .flatMap((word): readonly number[] => (numbers.includes(word) ? [Number(word)] : partRows[oneOf(names, word)])),
  );
}

/** Parts that take minutes, for the long run. */
function defaultRows(isLong: boolean): Set<number> {
  const all = Object.values(partRows).flat();
  return new Set(
    isLong ? all : all.filter((row) => ![...partRows.memory, ...partRows.waiting].some((one) => one === row)),
  );
}

function oneOf<Word extends string>(values: readonly Word[], found: string): Word {
  const word = values.find((each) => each === found);
  if (word === undefined) throw new Error(`expected one of ${values.join(', ')}, found ${found}`);
  return word;
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name}: expected a number above 0, found ${text}`);
  return number;
}
