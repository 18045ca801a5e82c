// Asks somebody at a terminal before something is done that cannot be undone.

import { createInterface } from 'node:readline/promises';
import type { Input, Output } from './command-context.ts';

/** Nobody is there to be asked. */
class NobodyToAsk extends Error {
  override readonly name = 'NobodyToAsk';
  readonly exitCode = 64;
}

/** Whether the answer is yes; to a question in words, on a terminal. */
export type Ask = (question: string) => Promise<boolean>;

export interface AskOptions {
  /** Opened only when there is something to ask. */
  readonly stdin: () => Input | undefined;
  /** Where the question is written, so that what was asked for can go elsewhere. */
  readonly stderr: Output;
  /** The answer is yes, and nobody is asked. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/** @throws NobodyToAsk where there is no terminal */
export function confirmation({ stdin: opened, stderr, yes, signal }: AskOptions): Ask {
  return async (question) => {
    if (yes) return true;
    const stdin = opened();
    if (stdin?.isTTY !== true) {
      throw new NobodyToAsk(`"${question}" wants a yes, and there is no terminal to ask on; --yes says it`);
    }
    const lines = createInterface({ input: stdin, output: stderr, terminal: true });
    try {
      return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `, { signal })).trim());
    } catch (error) {
      if (signal.aborted || (error as Error).name === 'AbortError') return false;
      throw error;
    } finally {
      lines.close();
    }
  };
}
