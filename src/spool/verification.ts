// Verifies a store: children read all of it, and what they find, or what they die of, is damage.

import { startChild, type ChildOptions } from './child.ts';
import { checkedDatabases } from './soundness.ts';

export interface Verification {
  /** In words, a line each, the first so many. */
  readonly damage: readonly string[];
  /** How often reading the store ended a process. */
  readonly deaths: number;
  /** Whether another version has written it, so that it was not read any further. */
  readonly isOfOtherFormat: boolean;
}

export interface VerificationOptions extends ChildOptions {
  /** Whether nobody else has the store open, so that its file may be looked at page by page. */
  readonly isAlone: boolean;
  /** Whether one line will do. */
  readonly stopsAtFirst: boolean;
}

/** A line that a child of `spool-work check` writes. */
export type CheckLine = { readonly fault: string } | { readonly at: string };

/** What a store ends it with that another version has written: opening it says so in words. */
const otherFormat = 78;
const maxDamageLines = 1000;

/** Verifies the store in a directory. A database whose reading ends the child is left at that, and the next one read. */
export async function verifyStore(directory: string, options: VerificationOptions): Promise<Verification> {
  const damage: string[] = [];
  let deaths = 0;
  let from = 0;
  while (from < checkedDatabases.length && !options.signal.aborted) {
    const stop = new AbortController();
    const args = ['check', directory, '--from', String(from), ...(options.isAlone && deaths === 0 ? ['--file'] : [])];
    const child = startChild(args, { ...options, signal: AbortSignal.any([options.signal, stop.signal]) });
    let at = '';
    for await (const text of child.lines) {
      const line = JSON.parse(text) as CheckLine;
      if ('at' in line) at = line.at;
      else if (damage.length < maxDamageLines) damage.push(line.fault);
      if (damage.length > 0 && options.stopsAtFirst) stop.abort();
    }
    const death = await child.death;
    if (death?.exitCode === otherFormat) return { damage, deaths, isOfOtherFormat: true };
    if (death === undefined || stop.signal.aborted) break;
    options.signal.throwIfAborted();
    deaths += 1;
    damage.push(`${at === '' ? 'opening it' : at}: reading on ends the process (${death.words})`);
    if (options.stopsAtFirst) break;
    from = at === '' ? checkedDatabases.length : 1 + checkedDatabases.findIndex(({ name }) => name === at.split(':')[0]);
  }
  options.signal.throwIfAborted();
  return { damage, deaths, isOfOtherFormat: false };
}
