// `dead-letters list`, `show`, `retry` and `drop`.

import { DateTime } from 'luxon';
import type { Administration, LetterOutcome } from '../../admin/administration.ts';
import type { LetterQuery, ShownLetter } from '../../admin/letter-query.ts';
import type { Confirm } from '../confirmation.ts';
import { printable, textTable } from '../terminal-text.ts';

export interface LettersOptions {
  readonly administration: Administration;
  readonly query: LetterQuery;
  /** Resolves when more can be written. */
  readonly write: (text: string) => Promise<void>;
  /** Writes JSON in place of text for people. */
  readonly json: boolean;
}

const maxListed = 1000;
const maxReasonLength = 120;

/** Writes a line for each letter, the newest first. */
export async function listLetters({ administration, query, json, write }: LettersOptions): Promise<number> {
  const counts = new Map<string, number>();
  let newest: ShownLetter[] = [];
  for await (const letter of administration.letters(query)) {
    if (json) await write(`${JSON.stringify(letter)}\n`);
    increment(counts, letter.kind);
    newest.push(letter);
    if (newest.length >= 2 * maxListed) newest = newestOf(newest);
  }
  if (json) return 0;
  newest = newestOf(newest);
  if (newest.length > 0) await write(letterTable(newest));
  const isComplete = total(counts) === newest.length;
  await write(
    `${countText(counts)}${isComplete ? '' : `; the newest ${maxListed} are shown, --json lists all of them`}\n`,
  );
  return 0;
}

function newestOf(letters: readonly ShownLetter[]): ShownLetter[] {
  return letters.toSorted((a, b) => Date.parse(b.lastAt) - Date.parse(a.lastAt)).slice(0, maxListed);
}

function letterTable(letters: readonly ShownLetter[]): string {
  const rows = letters.map(({ id, kind, sink, times, lastAt, reason }) => [
    id,
    kind,
    sink,
    times,
    DateTime.fromISO(lastAt, { zone: 'utc' }).toISO({ precision: 'second' }) ?? lastAt,
    reason.length > maxReasonLength ? `${reason.slice(0, maxReasonLength - 1)}…` : reason,
  ]);
  return textTable(['ID', 'KIND', 'SINK', 'TIMES', 'LAST', 'REASON'], rows);
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** `3 dead letters: 2 rejected, 1 malformed` */
function countText(counts: ReadonlyMap<string, number>): string {
  const all = total(counts);
  if (all === 0) return 'no dead letters';
  const kinds = [...counts].map(([kind, count]) => `${count} ${printable(kind)}`);
  return `${all} dead letter${all === 1 ? '' : 's'}: ${kinds.join(', ')}`;
}

/** Writes a letter with its input. Exit code 1 when there is none of that id. */
export async function showLetter({ administration, query, json, write }: LettersOptions): Promise<number> {
  let exitCode = 1;
  for await (const letter of administration.letters(query, { withInput: true })) {
    await write(json ? `${JSON.stringify(letter, undefined, 2)}\n` : letterText(letter));
    exitCode = 0;
  }
  if (exitCode !== 0) await write(`dead-letters: there is no letter ${printable(query.ids?.[0] ?? '')}\n`);
  return exitCode;
}

function letterText({ id, kind, reason, sink, from, times, firstAt, lastAt, raw = '', encoding }: ShownLetter): string {
  const rows = Object.entries({
    Letter: id,
    Kind: kind,
    Reason: reason,
    Sink: sink,
    From: from,
    Times: times,
    First: firstAt,
    Last: lastAt,
  });
  const lines = rows
    .filter(([, value]) => value !== undefined)
    .map(([label, value]) => `${`${label}:`.padEnd(8)} ${printable(String(value))}\n`);
  const input = raw.split('\n').map(printable).join('\n');
  return `${lines.join('')}Input${encoding === undefined ? '' : ` (${encoding})`}:\n\n${input}\n`;
}

/** Exit code 1 when a letter cannot be retried. */
export async function retryLetters(options: LettersOptions): Promise<number> {
  return writeOutcomes(options.administration.retry(options.query), options, 'tried again');
}

/** Returns exit code 1 without confirmation, or if an id has no letter. */
export async function dropLetters(options: LettersOptions & { readonly confirm: Confirm }): Promise<number> {
  const { administration, query, confirm, write, json } = options;
  const counts = new Map<string, number>();
  let newestAtMs = 0;
  for await (const { kind, lastAt } of administration.letters(query)) {
    increment(counts, kind);
    newestAtMs = Math.max(newestAtMs, Date.parse(lastAt));
  }
  if (counts.size > 0 && !(await confirm(`Drop ${countText(counts)}, for good?`))) {
    await write(json ? `${JSON.stringify({ dropped: 0 })}\n` : 'nothing was dropped\n');
    return 1;
  }
  // The question did not count letters that arrived after it.
  const confirmed = query.ids === undefined ? { ...query, untilMs: newestAtMs } : query;
  return writeOutcomes(administration.drop(confirmed), options, 'dropped');
}

const maxOutcomeLines = 20;

async function writeOutcomes(
  outcomes: AsyncIterable<LetterOutcome>,
  { write, json }: LettersOptions,
  participle: string,
): Promise<number> {
  const done = new Map<string, number>();
  let refused = 0;
  for await (const outcome of outcomes) {
    if (json) await write(`${JSON.stringify(outcome)}\n`);
    if (outcome.done !== undefined) increment(done, outcome.done);
    else refused += 1;
    if (!json && outcome.refused !== undefined && refused <= maxOutcomeLines)
      await write(`${outcome.id} stays: ${printable(outcome.refused)}\n`);
  }
  if (json) return refused === 0 ? 0 : 1;
  if (refused > maxOutcomeLines) await write(`… and ${refused - maxOutcomeLines} more\n`);
  const details = [...done]
    .filter(([outcome]) => outcome !== participle)
    .map(([outcome, count]) => `  ${count}: ${printable(outcome)}\n`);
  const stay = refused === 0 ? '' : `, ${refused} stay${refused === 1 ? 's' : ''}`;
  await write(`${total(done)} ${participle}${stay}\n${details.slice(0, maxOutcomeLines).join('')}`);
  return refused === 0 ? 0 : 1;
}
