// `spool status` and `spool drop`: shows the backlog of each sink, or drops it.

import { Duration } from 'luxon';
import type { Administration } from '../../admin/administration.ts';
import type { SpoolStatus } from '../../spool/status.ts';
import type { Confirm } from '../confirmation.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatSize, printable, textTable } from '../terminal-text.ts';

interface SpoolOptions {
  readonly administration: Administration;
  readonly write: (text: string) => Promise<void>;
  /** Writes JSON in place of text for people. */
  readonly json: boolean;
}

export interface ShowSpoolOptions extends SpoolOptions {
  readonly nowMs: number;
  /** True while a bridge uses the spool. */
  readonly isRunning: boolean;
}

export async function showSpool({ administration, nowMs, isRunning, json, write }: ShowSpoolOptions): Promise<number> {
  const status = await administration.spoolStatus();
  await write(
    json ? `${JSON.stringify({ isRunning, ...status }, undefined, 2)}\n` : statusText(status, nowMs, isRunning),
  );
  return 0;
}

function statusText(status: SpoolStatus, nowMs: number, isRunning: boolean): string {
  const { parked, deadLetters, malformed, fileBytes, recordPoints, bytesPerPoint, waitingBytes, maxBytes } = status;
  const { segments, dedup, suspectTails } = status;
  const perPoint =
    bytesPerPoint === undefined ? '' : `; ${bytesPerPoint.toFixed(1)} bytes each for the ${recordPoints} points in it`;
  return [
    sinkTable(status, nowMs).trimEnd(),
    `parked:       ${parked.count} measurements for ${parked.nodes} nodes, ${formatSize(parked.bytes)}`,
    `dead letters: ${deadLetters.count}, ${formatSize(deadLetters.bytes)}; and ${malformed.count} samples of malformed bodies, ${formatSize(malformed.bytes)}`,
    `bound:        ${formatSize(waitingBytes)} of ${formatSize(maxBytes)}`,
    `files:        ${segments} segments, ${formatSize(fileBytes)}${perPoint}`,
    `known runs:   ${dedup.runs} of the last ${Duration.fromMillis(dedup.windowMs).toFormat('hh:mm')}, ${formatSize(dedup.bytes)} of ${formatSize(dedup.maxBytes)}`,
    ...(suspectTails === 0
      ? []
      : [`kept aside:   ${suspectTails} last groups that were torn or damaged, ever (*.tail)`]),
    `bridge:       ${isRunning ? 'runs' : 'does not run'}`,
    '',
  ].join('\n');
}

function sinkTable({ sinks, lastRecord }: SpoolStatus, nowMs: number): string {
  const rows = sinks.map(({ name, isConfigured, through, backlog: { points, bytes, oldestAtMs }, retrySet }) => [
    name,
    isConfigured === undefined ? undefined : isConfigured ? 'runs' : 'not configured',
    `${through} of ${lastRecord}`,
    points,
    formatSize(bytes),
    oldestAtMs === undefined ? undefined : Duration.fromMillis(Math.max(0, nowMs - oldestAtMs)).toFormat('hh:mm:ss'),
    retrySet.points,
  ]);
  return textTable(['SINK', 'STATE', 'RECORD', 'POINTS WAITING', 'BYTES', 'OLDEST', 'OF THEM KEPT'], rows);
}

export interface DropBacklogOptions extends SpoolOptions {
  /** May be undefined where there is one sink. */
  readonly sink: string | undefined;
  readonly confirm: Confirm;
}

/** Drops the backlog of a sink. Exit code 1 without confirmation or such a sink, 64 when `sink` is required. */
export async function dropBacklog(options: DropBacklogOptions): Promise<number> {
  const { administration, confirm, write, json } = options;
  const { sinks } = await administration.spoolStatus();
  const fail = async (reason: string, exitCode: number): Promise<number> => {
    await write(json ? `${JSON.stringify({ error: reason })}\n` : `spool: ${printable(reason)}\n`);
    return exitCode;
  };
  const names = sinks.map(({ name }) => name);
  if (options.sink === undefined && sinks.length > 1)
    return fail(`expected --sink, one of ${names.join(', ')}`, exitCodes.usage);
  const sink = sinks.find(({ name }) => name === (options.sink ?? names[0]));
  if (sink === undefined)
    return fail(`no sink ${options.sink ?? ''} has a place in the spool; there is ${names.join(', ') || 'none'}`, 1);
  const { points, bytes } = sink.backlog;
  if (!(await confirm(`Drop ${points} points (${formatSize(bytes)}) that wait for ${sink.name}, for good?`)))
    return fail('nothing was dropped', 1);
  const dropped = await administration.dropWaiting(sink.name);
  await write(
    json
      ? `${JSON.stringify({ sink: sink.name, ...dropped })}\n`
      : `${dropped.points} points dropped (${formatSize(dropped.bytes)})\n`,
  );
  return 0;
}
