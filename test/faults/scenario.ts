// What a fault is to the harness: a number, a title, and how it is played in the short and in the long form.

import type { Closing } from './stage.ts';
import type { Verdict } from './judge.ts';

/** The short form runs with the tests, the long form by `npm run faults`. */
export type Form = 'short' | 'long';

export interface Scenario {
  /** F1 to F26 of the table in README.md. */
  readonly id: string;
  readonly title: string;
  /** Absent where it is played in the long form only. */
  readonly forms?: readonly Form[];
  /** @throws Lacking where the machine lacks what it takes */
  play(setting: Setting): Promise<Outcome>;
}

export interface Setting {
  readonly form: Form;
  readonly seed: number;
  readonly closing: Closing;
}

export interface Outcome {
  /** Of each stage that it was played on; empty where it needs none. */
  readonly verdicts: readonly Verdict[];
  /** In words, for the table. */
  readonly figures: string;
  /** How many judgements there were where there are no verdicts, such as stores read; a scenario without either was not played. */
  readonly judged?: number;
  /** What was wrong beside the verdicts. */
  readonly faults?: readonly string[];
}
