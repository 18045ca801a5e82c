// What came of trying something that the bridge needs, for the commands that try.

import type { Clock } from '../../runtime/clock.ts';
import type { Config } from '../../config/config.ts';

/** `unknown`: it could not be examined, which says nothing for or against it. */
export type Grade = 'ok' | 'warning' | 'fault' | 'unknown';

/** After sysexits: not available; an input or output error; credentials that are not taken; wrong configuration. */
export type FaultCode = 69 | 74 | 77 | 78;

export interface Finding {
  /** What was tried, such as `OpenTSDB`. */
  readonly what: string;
  readonly grade: Grade;
  /** For people, without secrets. */
  readonly words: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The exit code that a fault deserves. */
  readonly code?: FaultCode;
}

export interface ProbeContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Tries something that the configuration names; does not throw for what it finds. */
export type Probe = (config: Config) => Promise<readonly Finding[]>;

export function fine(what: string, words: string): Finding {
  return { what, grade: 'ok', words };
}

export function doubtful(what: string, words: string, advice: string): Finding {
  return { what, grade: 'warning', words, advice };
}

export function faulty(what: string, words: string, code: FaultCode, advice: string): Finding {
  return { what, grade: 'fault', words, advice, code };
}

export function unexamined(what: string, words: string, advice?: string): Finding {
  return { what, grade: 'unknown', words, ...(advice !== undefined && { advice }) };
}

/** Fine with the words that it resolves with; a fault with those that it throws. */
export async function attempted(
  what: string,
  fault: Pick<Required<Finding>, 'code' | 'advice'>,
  act: () => Promise<string>,
): Promise<Finding> {
  try {
    return fine(what, await act());
  } catch (error) {
    return faulty(what, (error as Error).message, fault.code, fault.advice);
  }
}
