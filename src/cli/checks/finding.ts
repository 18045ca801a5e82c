// The checks of `check` and `doctor`, and the findings they return.

import type { ConfigRead } from '../../config/config.ts';
import type { Clock } from '../../runtime/clock.ts';

/** `unknown`: the check could not be made. */
export type Grade = 'ok' | 'warning' | 'fault' | 'unknown';

/** The exit code for a fault: unavailable, input or output error, no permission, wrong configuration. */
export type FaultCode = 69 | 74 | 77 | 78;

/** `doctor --json` prints findings as they are. */
export interface Finding {
  /** The subject, such as `OpenTSDB`. */
  readonly what: string;
  readonly grade: Grade;
  /** The result in a sentence, without secrets. */
  readonly words: string;
  /** The remedy. */
  readonly advice?: string;
  /** Set for faults alone. */
  readonly code?: FaultCode;
}

export interface CheckContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly pid: number;
  readonly signal: AbortSignal;
  /** Resolves a host name to its addresses. */
  readonly lookup: (name: string) => Promise<readonly string[]>;
  /** Undefined: not given. */
  readonly pushUrl: string | undefined;
}

/** Resolves with a fault where something fails; rejects only with the reason of the signal. */
export type Check = (read: ConfigRead, context: CheckContext) => Promise<readonly Finding[]>;

export function ok(what: string, words: string): Finding {
  return { what, grade: 'ok', words };
}

export function warning(what: string, words: string, advice: string): Finding {
  return { what, grade: 'warning', words, advice };
}

export function fault(what: string, words: string, code: FaultCode, advice: string): Finding {
  return { what, grade: 'fault', words, advice, code };
}

export function notChecked(what: string, words: string, advice?: string): Finding {
  return { what, grade: 'unknown', words, ...(advice !== undefined && { advice }) };
}

/** Runs `attempt`: `ok` with the text that it resolves with, or a fault with the message that it throws. */
export async function okOrFault(
  what: string,
  { code, advice }: Pick<Required<Finding>, 'code' | 'advice'>,
  attempt: () => Promise<string>,
): Promise<Finding> {
  try {
    return ok(what, await attempt());
  } catch (error) {
    return fault(what, (error as Error).message, code, advice);
  }
}
