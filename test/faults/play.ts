// Plays a scenario with whatever it opens closed behind it, and puts what came of it into a row.

import { megabytes, seconds, type Verdict } from './judge.ts';
import { asLacking, Lacking } from './lacking.ts';
import type { Form, Outcome, Scenario } from './scenario.ts';

/** A row of the table. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly seed: number;
  readonly tookMs: number;
  readonly outcome: Outcome | undefined;
  /** Empty: every bar was held, or it was left out. */
  readonly faults: readonly string[];
  /** The switch by which it was not played, in words. */
  readonly leftOut?: string;
}

/** Plays it to its end; what it throws is a fault as well, and so is an outcome that nobody has judged. */
export async function play(scenario: Scenario, form: Form, seed: number): Promise<Row> {
  const { id, title } = scenario;
  const closers: (() => unknown)[] = [];
  const fromMs = performance.now();
  const row = (outcome: Outcome | undefined, faults: readonly string[]): Row => ({
    id,
    title,
    seed,
    tookMs: performance.now() - fromMs,
    outcome,
    faults,
  });
  try {
    const outcome = await scenario.play({ form, seed, closing: { teardown: (close) => void closers.push(close) } });
    const isJudged = outcome.verdicts.length + (outcome.judged ?? 0) > 0;
    const unplayed = isJudged ? [] : [`nothing was judged: ${outcome.figures}`];
    return row(outcome, [...outcome.verdicts.flatMap(({ faults }) => faults), ...(outcome.faults ?? []), ...unplayed]);
  } catch (error) {
    return row(undefined, [wordsOf(asLacking(id, error))]);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

/** The row of a scenario that a switch leaves out. */
export function rowLeftOut({ id, title }: Scenario, seed: number, leftOut: string): Row {
  return { id, title, seed, tookMs: 0, outcome: undefined, faults: [], leftOut };
}

function wordsOf(error: unknown): string {
  return error instanceof Lacking ? error.message : ((error as Error).stack ?? String(error));
}

/** The figures in words, for who does not print the table. */
export function figuresOf({ seed, tookMs, outcome }: Row): string {
  const verdicts = outcome?.verdicts ?? [];
  const sum = (value: (verdict: Verdict) => number): number => verdicts.reduce((total, one) => total + value(one), 0);
  const judged = `${sum(({ account }) => account.owed)} runs owed, ${sum(({ account }) => account.arrived)} points arrived, ${sum(({ account }) => account.lostPoints)} lost`;
  return [
    `seed ${seed}`,
    ...(verdicts.length === 0 ? [] : [judged]),
    outcome?.figures ?? 'no figures',
    `${seconds(tookMs)} in all`,
  ].join('; ');
}

/** The head of the table in Markdown. */
export const tableHead = [
  '| | fault | seed | owed runs | points arrived | lost | copies (unexplained) | dead | fresh push | memory | disk | figures | held |',
  '|---|---|---|---|---|---|---|---|---|---|---|---|---|',
];

/** A row of the table in Markdown. */
export function tableRow({ id, title, seed, tookMs, outcome, faults, leftOut }: Row): string {
  const verdicts = outcome?.verdicts ?? [];
  const sum = (value: (verdict: Verdict) => number): number => verdicts.reduce((total, one) => total + value(one), 0);
  const most = (value: (verdict: Verdict) => number): number => Math.max(0, ...verdicts.map(value));
  const judged = [
    sum(({ account }) => account.owed),
    sum(({ account }) => account.arrived),
    sum(({ account }) => account.lostPoints),
    `${sum(({ account }) => account.duplicates)} (${sum(({ account }) => account.unexplained)})`,
    sum(({ account }) => account.deadLetters),
    seconds(most(({ freshMs }) => freshMs)),
    megabytes(most(({ mostOwnBytes }) => mostOwnBytes)),
    megabytes(most(({ diskBytes }) => diskBytes)),
  ];
  const cells = verdicts.length === 0 ? judged.map(() => '') : judged;
  const figures = `${outcome?.figures ?? ''}; ${seconds(tookMs)} in all`.replace(/^; /, '');
  return `| ${[id, title, seed, ...cells, figures, leftOut ?? (faults.length === 0 ? 'yes' : '**no**')].join(' | ')} |`;
}
