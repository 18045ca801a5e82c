// Plays a scenario, closes what it has opened, and makes a row of the table.

import { megabytes, seconds, type Verdict } from './judge.ts';
import { asLacking, MissingTool } from './missing-tool.ts';
import type { Form, Outcome, Scenario } from './scenario.ts';

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly seed: number;
  readonly tookMs: number;
  readonly outcome: Outcome | undefined;
  /** Empty if every bound was held, or the row was skipped. */
  readonly faults: readonly string[];
  /** The switch that skipped the row. */
  readonly leftOut?: string;
}

/** Plays a scenario. An error that it throws is a fault, and so is an outcome without a judgement. */
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

/** Makes the row of a skipped scenario. */
export function rowLeftOut({ id, title }: Scenario, seed: number, leftOut: string): Row {
  return { id, title, seed, tookMs: 0, outcome: undefined, faults: [], leftOut };
}

function wordsOf(error: unknown): string {
  return error instanceof MissingTool ? error.message : ((error as Error).stack ?? String(error));
}

/** Returns the figures as text, for a log. */
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

/** The header of the Markdown table. */
export const tableHead = [
  '| | fault | seed | owed runs | points arrived | lost | copies (unexplained) | dead | fresh push | memory | disk | figures | held |',
  '|---|---|---|---|---|---|---|---|---|---|---|---|---|',
];

/** Returns a row of the Markdown table. */
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
    megabytes(most(({ maxAnonymousBytes }) => maxAnonymousBytes)),
    megabytes(most(({ diskBytes }) => diskBytes)),
  ];
  const cells = verdicts.length === 0 ? judged.map(() => '') : judged;
  const figures = `${outcome?.figures ?? ''}; ${seconds(tookMs)} in all`.replace(/^; /, '');
  return `| ${[id, title, seed, ...cells, figures, leftOut ?? (faults.length === 0 ? 'yes' : '**no**')].join(' | ')} |`;
}
