// The `dead-letters` command: what could not be used is listed, shown, tried again, thrown away and exported.

import { DateTime } from 'luxon';
import type { Administration, LetterOutcome } from '../../admin/administration.ts';
import type { LetterQuery, ShownLetter } from '../../admin/letter-query.ts';
import { plainTable, shown } from '../plain-text.ts';
import type { Ask } from '../confirmation.ts';

export interface DeadLettersCommand {
  readonly administration: Administration;
  readonly query: LetterQuery;
  /** Takes what is for standard output, with its line ends; resolves when it may go on. */
  readonly write: (text: string) => Promise<void>;
  /** JSON instead of text for people. */
  readonly json: boolean;
}

/** A table of more is of no use to anybody. */
const mostListed = 1000;
const mostReason = 120;

/** Writes a line for each letter, the newest first. */
export async function listLetters({ administration, query, json, write }: DeadLettersCommand): Promise<number> {
  const counts = new Map<string, number>();
  let newest: ShownLetter[] = [];
  for await (const letter of administration.letters(query)) {
    if (json) await write(`${JSON.stringify(letter)}\n`);
    counts.set(letter.kind, (counts.get(letter.kind) ?? 0) + 1);
    newest.push(letter);
    if (newest.length >= 2 * mostListed) newest = newestOf(newest);
  }
  if (json) return 0;
  newest = newestOf(newest);
  const rows = newest.map(({ id, kind, sink, times, lastAt, reason }) => [
    id,
    kind,
    sink,
    times,
    secondsOf(lastAt),
    shortened(reason),
  ]);
  if (rows.length > 0) await write(plainTable(['ID', 'KIND', 'SINK', 'TIMES', 'LAST', 'REASON'], rows));
  const notShown = sum(counts) - newest.length;
  await write(
    `${counted(counts)}${notShown === 0 ? '' : `; the newest ${mostListed} are shown, --json lists all of them`}\n`,
  );
  return 0;
}

function newestOf(letters: readonly ShownLetter[]): ShownLetter[] {
  return letters.toSorted((a, b) => Date.parse(b.lastAt) - Date.parse(a.lastAt)).slice(0, mostListed);
}

function secondsOf(iso: string): string {
  return DateTime.fromISO(iso, { zone: 'utc' }).toISO({ suppressMilliseconds: false, precision: 'second' }) ?? iso;
}

function shortened(reason: string): string {
  return reason.length > mostReason ? `${reason.slice(0, mostReason - 1)}…` : reason;
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

/** `3 dead letters: 2 rejected, 1 malformed` */
function counted(counts: ReadonlyMap<string, number>): string {
  const all = sum(counts);
  if (all === 0) return 'no dead letters';
  const kinds = [...counts].map(([kind, count]) => `${count} ${shown(kind)}`);
  return `${all} dead letter${all === 1 ? '' : 's'}: ${kinds.join(', ')}`;
}

/** Writes all that is known of a letter, its input included. Exit code 1 when there is none of that id. */
export async function showLetter({ administration, query, json, write }: DeadLettersCommand): Promise<number> {
  let exitCode = 1;
  for await (const letter of administration.letters(query, { withInput: true })) {
    await write(json ? `${JSON.stringify(letter, undefined, 2)}\n` : described(letter));
    exitCode = 0;
  }
  if (exitCode !== 0) await write(`dead-letters: there is no letter ${shown(query.ids?.[0] ?? '')}\n`);
  return exitCode;
}

function described({ id, kind, reason, sink, from, times, firstAt, lastAt, raw = '', encoding }: ShownLetter): string {
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
  const known = rows
    .filter(([, value]) => value !== undefined)
    .map(([label, value]) => `${`${label}:`.padEnd(8)} ${shown(String(value))}\n`);
  const input = raw.split('\n').map(shown).join('\n');
  return `${known.join('')}Input${encoding === undefined ? '' : ` (${encoding})`}:\n\n${input}\n`;
}

/** Tries letters again, and says what became of them. Exit code 1 when one stays. */
export async function retryLetters(command: DeadLettersCommand): Promise<number> {
  return told(command.administration.retry(command.query), command, 'tried again');
}

/** Throws letters away, if that is what somebody wants. Exit code 1 when it is not, or when there is none of an id. */
export async function dropLetters(command: DeadLettersCommand & { readonly ask: Ask }): Promise<number> {
  const { administration, query, ask, write, json } = command;
  const counts = new Map<string, number>();
  let lastAtMs = 0;
  for await (const { kind, lastAt } of administration.letters(query)) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    lastAtMs = Math.max(lastAtMs, Date.parse(lastAt));
  }
  if (counts.size > 0 && !(await ask(`Drop ${counted(counts)}, for good?`))) {
    await write(json ? `${JSON.stringify({ dropped: 0 })}\n` : 'nothing was dropped\n');
    return 1;
  }
  // What has come since, nobody was asked about.
  const seen = query.ids === undefined ? { ...query, untilMs: lastAtMs } : query;
  return told(administration.drop(seen), command, 'dropped');
}

const mostTold = 20;

async function told(
  outcomes: AsyncIterable<LetterOutcome>,
  { write, json }: DeadLettersCommand,
  participle: string,
): Promise<number> {
  const done = new Map<string, number>();
  let refused = 0;
  for await (const outcome of outcomes) {
    if (json) await write(`${JSON.stringify(outcome)}\n`);
    if (outcome.done !== undefined) done.set(outcome.done, (done.get(outcome.done) ?? 0) + 1);
    else refused += 1;
    if (!json && outcome.refused !== undefined && refused <= mostTold)
      await write(`${outcome.id} stays: ${shown(outcome.refused)}\n`);
  }
  if (json) return refused === 0 ? 0 : 1;
  if (refused > mostTold) await write(`… and ${refused - mostTold} more\n`);
  const words = [...done]
    .filter(([word]) => word !== participle)
    .map(([word, count]) => `  ${count}: ${shown(word)}\n`);
  const stay = refused === 0 ? '' : `, ${refused} stay${refused === 1 ? 's' : ''}`;
  await write(`${sum(done)} ${participle}${stay}\n${words.slice(0, mostTold).join('')}`);
  return refused === 0 ? 0 : 1;
}
