// What `top` shows: the figures of the second, the last hour as lines of blocks, the sinks, the pushes.

import type { StatusMessage, RecentPush, SinkNow, Slot, SourceNow } from '../../status/messages.ts';
import { shown } from '../plain-text.ts';
import { count, milliseconds } from '../ticker.ts';

export interface Shown {
  readonly url: string;
  readonly now: StatusMessage | undefined;
  readonly slots: readonly Slot[];
  /** The newest last. */
  readonly recent: readonly RecentPush[];
  readonly trouble: string | undefined;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** As many lines as there is room for, none longer than the screen is wide. */
export function screen(state: Shown, { columns, rows }: ScreenSize): string[] {
  const { now, slots, recent, url, trouble } = state;
  const head = `catchpoint-opentsdb-bridge ${now?.version ?? ''}  ${url}  ${now === undefined ? '' : `up ${age(now.atMs - now.startedAtMs)}`}`;
  const above = [
    head,
    ...(trouble === undefined ? [] : [`! ${trouble}`]),
    ...(now === undefined
      ? []
      : [
          ...troubles(now, columns),
          '',
          ...figures(now),
          '',
          ...charts(slots, columns),
          '',
          ...now.sinks.map(sinkLine),
          ...now.sources.filter(({ name }) => name !== 'catchpoint').map(sourceLine),
          ...(now.takesPushes ? ['', pushHead] : []),
        ]),
  ];
  const pushes = recent.toReversed().map(pushLine);
  return [...above, ...pushes].slice(0, rows).map((line) => cut(shown(line), columns));
}

/** The line of a second, for what is no terminal. */
export function plainLine(now: StatusMessage): string {
  const waiting = now.sinks.map(
    ({ name, backlogPoints, lastError }) =>
      `${name} ${count(backlogPoints)} waiting${lastError === undefined ? '' : ` (${lastError})`}`,
  );
  const rates = `${count(now.pushesPerS)} pushes/s  ${count(now.pointsPerS)} points/s  p50 ${milliseconds(now.answerP50Ms)}  p99 ${milliseconds(now.answerP99Ms)}`;
  const { alarms } = now.troubles;
  return shown(
    `${new Date(now.atMs).toISOString()}  ${rates}  ${waiting.join('  ')}  parked ${count(now.parked)}  dead letters ${count(total(now.letters))}${alarms.length === 0 ? '' : `  !! ${alarms.join('; ')}`}`,
  );
}

/** What is wrong, the worst first, in as many lines as it takes. */
function troubles({ troubles: { alarms, warnings } }: StatusMessage, columns: number): string[] {
  return [
    ...alarms.flatMap((alarm) => wrapped('!!', alarm, columns)),
    ...warnings.flatMap((warning) => wrapped('!', warning, columns)),
  ];
}

/** Broken between words; a word too long for a line is cut later. */
function wrapped(mark: string, text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${lines.length === 0 ? mark : ' '.repeat(mark.length)} ${word}`);
  }
  return lines;
}

function figures(now: StatusMessage): string[] {
  const { nodes, letters, newLetters } = now;
  const lettersLine = `dead letters ${count(total(letters))}${newLetters === 0 ? '' : `, ${count(newLetters)} new in 5 min`}`;
  if (!now.takesPushes) return [`points/s ${count(now.pointsPerS).padStart(8)}   ${lettersLine}`];
  const kinds = Object.entries(letters)
    .map(([kind, number]) => `${count(number)} ${kind}`)
    .join(', ');
  const read = nodes.refreshedAtMs === undefined ? 'never read' : `read ${age(now.atMs - nodes.refreshedAtMs)} ago`;
  return [
    `pushes/s ${count(now.pushesPerS).padStart(8)}   not taken/s ${count(now.notTakenPerS)}   answers p50 ${milliseconds(now.answerP50Ms)}, p99 ${milliseconds(now.answerP99Ms)}`,
    `points/s ${count(now.pointsPerS).padStart(8)}   parked ${count(now.parked)}   ${lettersLine}${kinds === '' ? '' : ` (${kinds})`}`,
    `nodes    ${count(nodes.known).padStart(8)}   ${read}${nodes.lastError === undefined ? '' : `; the last refresh failed: ${nodes.lastError}`}`,
  ];
}

const blocks = '▁▂▃▄▅▆▇█';
const labelWidth = 12;

/** The latest slots that fit, five seconds a column. */
function charts(slots: readonly Slot[], columns: number): string[] {
  const fitting = slots.slice(-Math.max(1, columns - labelWidth - 14));
  return (
    [
      ['pushes/s', 1],
      ['points/s', 2],
      ['waiting', 6],
    ] as const
  ).map(([label, at]) => {
    const values = fitting.map((slot) => slot[at]);
    const most = Math.max(1, ...values);
    const line = values.map((value) => blocks[Math.round((value / most) * (blocks.length - 1))]).join('');
    return `${label.padEnd(labelWidth)}${line}  to ${count(most)}`;
  });
}

function sinkLine({
  name,
  acceptedPerS,
  rejected,
  kept,
  backlogPoints,
  backlogAgeMs,
  lastError,
  isRequired,
  skipped,
  annotationsSkipped = 0,
}: SinkNow): string {
  const waits = backlogPoints === 0 ? '' : `, the oldest for ${age(backlogAgeMs ?? 0)}`;
  const more = `${isRequired ? '' : `   optional, missed ${count(skipped)}`}${annotationsSkipped === 0 ? '' : `   annotations left out ${count(annotationsSkipped)}`}`;
  const line = `${name.padEnd(labelWidth)}${count(acceptedPerS)} points/s   rejected ${count(rejected)}   put off ${count(kept)}   waiting ${count(backlogPoints)}${waits}${more}`;
  return lastError === undefined ? line : `${line}   TAKES NOTHING`;
}

function sourceLine({ name, pointsPerS, counts }: SourceNow): string {
  const words = Object.entries(counts).map(([word, number]) => `${word} ${count(number)}`);
  return `${`from ${name}`.padEnd(labelWidth)} ${count(pointsPerS)} points/s   ${words.join('   ')}`;
}

const pushHead = `${'time, UTC'.padEnd(10)}${'became'.padEnd(10)}${'points'.padStart(6)}  ${'RTT'.padStart(9)}  node, test`;

function pushLine({
  atMs,
  became,
  points,
  rttMs,
  nodeName,
  nodeId,
  testName,
  testId,
  error,
  reason,
}: RecentPush): string {
  const what =
    reason ?? [nodeName ?? nodeId, testName ?? testId, ...(error === undefined ? [] : [`error ${error}`])].join('  ');
  return `${new Date(atMs).toISOString().slice(11, 19)}  ${became.padEnd(10)}${String(points).padStart(6)}  ${milliseconds(rttMs).padStart(9)}  ${what}`;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function cut(line: string, columns: number): string {
  const letters = [...line];
  return letters.length <= columns ? line : `${letters.slice(0, columns - 1).join('')}…`;
}
