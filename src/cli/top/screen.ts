// The text of `top`: figures of the last second, charts of the last hour, sinks, other sources, and recent pushes.

import type { RecentPush, SinkSummary, Slot, SourceSummary, StatusMessage } from '../../status/messages.ts';
import { formatCount, formatMs, printable } from '../terminal-text.ts';

export interface TopState {
  readonly url: string;
  readonly now: StatusMessage | undefined;
  readonly slots: readonly Slot[];
  /** The newest last. */
  readonly recent: readonly RecentPush[];
  /** The reason why no message arrives. */
  readonly problem: string | undefined;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** At most `rows` lines of at most `columns` characters. */
export function screen({ now, slots, recent, url, problem }: TopState, { columns, rows }: ScreenSize): string[] {
  const uptime = now === undefined ? '' : `up ${formatAge(now.atMs - now.startedAtMs)}`;
  const lines = [
    `catchpoint-opentsdb-bridge ${now?.version ?? ''}  ${url}  ${uptime}`,
    ...(problem === undefined ? [] : [`! ${problem}`]),
    ...(now === undefined ? [] : sections(now, slots, columns)),
    ...recent.toReversed().map(pushLine),
  ];
  return lines.slice(0, rows).map((line) => truncate(printable(line), columns));
}

function sections(now: StatusMessage, slots: readonly Slot[], columns: number): string[] {
  return [
    ...problemLines(now, columns),
    '',
    ...figures(now),
    '',
    ...charts(slots, columns),
    '',
    ...now.sinks.map(sinkLine),
    ...now.sources.filter(({ name }) => name !== 'catchpoint').flatMap(sourceLines),
    ...(now.takesPushes ? ['', pushHead] : []),
  ];
}

/** One line for a second, where stdout is not a terminal. */
export function plainLine(now: StatusMessage): string {
  const sinks = now.sinks.map(
    ({ name, backlogPoints, lastError }) =>
      `${name} ${formatCount(backlogPoints)} waiting${lastError === undefined ? '' : ` (${lastError})`}`,
  );
  const { alarms } = now.problems;
  const parts = [
    new Date(now.atMs).toISOString(),
    `${formatCount(now.pushesPerS)} pushes/s`,
    `${formatCount(now.pointsPerS)} points/s`,
    `p50 ${formatMs(now.answerP50Ms)}`,
    `p99 ${formatMs(now.answerP99Ms)}`,
    sinks.join('  '),
    `parked ${formatCount(now.parked)}`,
    `dead letters ${formatCount(total(now.letters))}`,
    ...(alarms.length === 0 ? [] : [`!! ${alarms.join('; ')}`]),
  ];
  return printable(parts.join('  '));
}

/** Alarms before warnings, wrapped rather than truncated. */
function problemLines({ problems: { alarms, warnings } }: StatusMessage, columns: number): string[] {
  return [
    ...alarms.flatMap((alarm) => wrap('!!', alarm, columns)),
    ...warnings.flatMap((warning) => wrap('!', warning, columns)),
  ];
}

/** Breaks between words. A longer word makes a longer line. */
function wrap(mark: string, text: string, columns: number): string[] {
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
  const letterCount = `dead letters ${formatCount(total(letters))}${newLetters === 0 ? '' : `, ${formatCount(newLetters)} new in 5 min`}`;
  const points = `points/s ${formatCount(now.pointsPerS).padStart(8)}`;
  if (!now.takesPushes) return [`${points}   ${letterCount}`];
  const kinds = Object.entries(letters).map(([kind, count]) => `${formatCount(count)} ${kind}`);
  const read =
    nodes.refreshedAtMs === undefined ? 'never read' : `read ${formatAge(now.atMs - nodes.refreshedAtMs)} ago`;
  return [
    `pushes/s ${formatCount(now.pushesPerS).padStart(8)}   not taken/s ${formatCount(now.notTakenPerS)}   answers p50 ${formatMs(now.answerP50Ms)}, p99 ${formatMs(now.answerP99Ms)}`,
    `${points}   parked ${formatCount(now.parked)}   ${letterCount}${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`}`,
    `nodes    ${formatCount(nodes.known).padStart(8)}   ${read}${nodes.lastError === undefined ? '' : `; the last refresh failed: ${nodes.lastError}`}`,
  ];
}

const blocks = '▁▂▃▄▅▆▇█';
const labelWidth = 12;
/** The label of each chart and its index in a slot. */
const chartColumns = [
  ['pushes/s', 1],
  ['points/s', 2],
  ['waiting', 6],
] as const;

/** A column for each slot of five seconds, the latest ones that fit. */
function charts(slots: readonly Slot[], columns: number): string[] {
  const visible = slots.slice(-Math.max(1, columns - labelWidth - 14));
  return chartColumns.map(([label, index]) => {
    const values = visible.map((slot) => slot[index]);
    const max = Math.max(1, ...values);
    const line = values.map((value) => blocks[Math.round((value / max) * (blocks.length - 1))]).join('');
    return `${label.padEnd(labelWidth)}${line}  to ${formatCount(max)}`;
  });
}

function sinkLine(sink: SinkSummary): string {
  const { name, backlogPoints, backlogAgeMs = 0, isRequired, annotationsSkipped = 0 } = sink;
  const oldest = backlogPoints === 0 ? '' : `, the oldest for ${formatAge(backlogAgeMs)}`;
  return [
    `${name.padEnd(labelWidth)}${formatCount(sink.acceptedPerS)} points/s`,
    `rejected ${formatCount(sink.rejected)}`,
    `put off ${formatCount(sink.kept)}`,
    `waiting ${formatCount(backlogPoints)}${oldest}`,
    ...(isRequired ? [] : [`optional, missed ${formatCount(sink.skipped)}`]),
    ...(annotationsSkipped === 0 ? [] : [`annotations left out ${formatCount(annotationsSkipped)}`]),
    ...(sink.lastError === undefined ? [] : ['TAKES NOTHING']),
  ].join('   ');
}

function sourceLines({ name, pointsPerS, counts, detail }: SourceSummary): string[] {
  const outcomes = Object.entries(counts).map(([outcome, count]) => `${outcome} ${formatCount(count)}`);
  return [
    `${`from ${name}`.padEnd(labelWidth)} ${formatCount(pointsPerS)} points/s   ${outcomes.join('   ')}`,
    ...(detail === undefined ? [] : [`${' '.repeat(labelWidth)} ${detail}`]),
  ];
}

const pushHead = `${'time, UTC'.padEnd(10)}${'became'.padEnd(10)}${'points'.padStart(6)}  ${'RTT'.padStart(9)}  node, test`;

function pushLine(push: RecentPush): string {
  const { atMs, outcome, points, rttMs, error, reason } = push;
  const run = [push.nodeName ?? push.nodeId, push.testName ?? push.testId];
  const details = reason ?? [...run, ...(error === undefined ? [] : [`error ${error}`])].join('  ');
  const time = new Date(atMs).toISOString().slice(11, 19);
  return `${time}  ${outcome.padEnd(10)}${String(points).padStart(6)}  ${formatMs(rttMs).padStart(9)}  ${details}`;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function truncate(line: string, columns: number): string {
  const characters = Array.from(line);
  return characters.length <= columns ? line : `${characters.slice(0, columns - 1).join('')}…`;
}
