// Plays a scenario with whatever it opens closed behind it, and puts what came of it into a row.

import { megabytes, seconds } from './judge.ts';
import type { Form, Outcome, Scenario } from './scenario.ts';

/** A row of the table. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly seed: number;
  readonly tookMs: number;
  readonly outcome: Outcome | undefined;
  /** Empty: every bar was held. */
  readonly faults: readonly string[];
}

/** Plays it to its end; what it throws is a fault as well. */
export async function play(scenario: Scenario, form: Form, seed: number): Promise<Row> {
  const { id, title } = scenario;
  const closers: (() => unknown)[] = [];
  const fromMs = performance.now();
  const row = (outcome: Outcome | undefined, faults: readonly string[]): Row => ({ id, title, seed, tookMs: performance.now() - fromMs, outcome, faults });
  try {
    const outcome = await scenario.play({ form, seed, closing: { teardown: (close) => void closers.push(close) } });
    return row(outcome, [...outcome.verdicts.flatMap(({ faults }) => faults), ...(outcome.faults ?? [])]);
  } catch (error) {
    return row(undefined, [(error as Error).stack ?? String(error)]);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** The head of the table in Markdown. */
export const tableHead = [
  '| | fault | seed | owed runs | points arrived | lost | copies (unexplained) | dead | fresh push | memory | disk | figures | held |',
  '|---|---|---|---|---|---|---|---|---|---|---|---|---|',
];

/** A row of the table in Markdown. */
export function tableRow({ id, title, seed, tookMs, outcome, faults }: Row): string {
  const verdicts = outcome?.verdicts ?? [];
  const sum = (value: (verdict: (typeof verdicts)[number]) => number): number => verdicts.reduce((total, one) => total + value(one), 0);
  const most = (value: (verdict: (typeof verdicts)[number]) => number): number => Math.max(0, ...verdicts.map(value));
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
  return `| ${[id, title, seed, ...cells, figures, faults.length === 0 ? 'yes' : '**no**'].join(' | ')} |`;
}
