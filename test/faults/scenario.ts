// A fault of the harness: an id, a title, and its play in the short and in the long form.

import type { Closing } from './stage.ts';
import type { Verdict } from './judge.ts';

/** The short form runs with the tests, the long form by `npm run faults`. */
export type Form = 'short' | 'long';

export interface Scenario {
  /** F1 to F26 of the table in README.md. */
  readonly id: string;
  readonly title: string;
  /** Undefined if it has a long form only. */
  readonly forms?: readonly Form[];
  /** @throws MissingTool */
  play(setting: Setting): Promise<Outcome>;
}

export interface Setting {
  readonly form: Form;
  readonly seed: number;
  readonly closing: Closing;
}

export interface Outcome {
  /** One for each stage. */
  readonly verdicts: readonly Verdict[];
  /** For the table. */
  readonly figures: string;
  /**
   * The number of other judgements, such as stores read. A scenario without judgements and verdicts counts as not
   * played.
   */
  readonly judged?: number;
  /** Beside those of the verdicts. */
  readonly faults?: readonly string[];
}
