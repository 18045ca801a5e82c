// The `spool` command: what waits, for whom and since when; and throwing it away.

import { Duration } from 'luxon';
import type { Administration } from '../../admin/administration.ts';
import type { SinkWaiting, SpoolStatus } from '../../spool/status.ts';
import { plainTable, shown, sized } from '../plain-text.ts';
import type { Ask } from '../confirmation.ts';

export interface SpoolCommand {
  readonly administration: Administration;
  readonly nowMs: number;
  readonly isRunning: boolean;
  readonly write: (text: string) => Promise<void>;
  /** JSON instead of text for people. */
  readonly json: boolean;
}

const usage = 64;

/** Writes what is in the spool. */
export async function showSpool({ administration, nowMs, isRunning, json, write }: SpoolCommand): Promise<number> {
  const status = await administration.spoolStatus();
  await write(
    json ? `${JSON.stringify({ isRunning, ...status }, undefined, 2)}\n` : described(status, nowMs, isRunning),
  );
  return 0;
}

function described(status: SpoolStatus, nowMs: number, isRunning: boolean): string {
  const {
    lastRecord,
    parked,
    deadLetters,
    malformed,
    fileBytes,
    recordPoints,
    bytesPerPoint,
    waitingBytes,
    maxBytes,
    segments,
    dedup,
    suspectTails,
  } = status;
  const rows = status.sinks.map((sink) => {
    const { name, through, backlog, retrySet } = sink;
    return [
      name,
      stateOf(sink),
      `${through} of ${lastRecord}`,
      backlog.points,
      sized(backlog.bytes),
      ageOf(sink, nowMs),
      retrySet.points,
    ];
  });
  const aPoint =
    bytesPerPoint === undefined ? '' : `; ${bytesPerPoint.toFixed(1)} bytes each for the ${recordPoints} points in it`;
  return [
    plainTable(['SINK', 'STATE', 'RECORD', 'POINTS WAITING', 'BYTES', 'OLDEST', 'OF THEM KEPT'], rows).trimEnd(),
    `parked:       ${parked.count} measurements for ${parked.nodes} nodes, ${sized(parked.bytes)}`,
    `dead letters: ${deadLetters.count}, ${sized(deadLetters.bytes)}; and ${malformed.count} samples of malformed bodies, ${sized(malformed.bytes)}`,
    `bound:        ${sized(waitingBytes)} of ${sized(maxBytes)}`,
    `files:        ${segments} segments, ${sized(fileBytes)}${aPoint}`,
    `known runs:   ${dedup.runs} of the last ${Duration.fromMillis(dedup.windowMs).toFormat('hh:mm')}, ${sized(dedup.bytes)} of ${sized(dedup.maxBytes)}`,
    ...(suspectTails === 0
      ? []
      : [`kept aside:   ${suspectTails} last groups that were torn or damaged, ever (*.tail)`]),
    `bridge:       ${isRunning ? 'runs' : 'does not run'}`,
    '',
  ].join('\n');
}

function stateOf({ isConfigured }: SinkWaiting): string | undefined {
  if (isConfigured === undefined) return undefined;
  return isConfigured ? 'runs' : 'not configured';
}

function ageOf({ backlog: { oldestAtMs } }: SinkWaiting, nowMs: number): string | undefined {
  if (oldestAtMs === undefined) return undefined;
  return Duration.fromMillis(Math.max(0, nowMs - oldestAtMs)).toFormat('hh:mm:ss');
}

/**
 * Throws away what waits for a sink, if that is what somebody wants. Exit code 1 when it is not, or when there is no such sink;
 * 64 when it has to be named.
 */
export async function dropFromSpool(
  command: SpoolCommand & { readonly sink: string | undefined; readonly ask: Ask },
): Promise<number> {
  const { administration, ask, write, json } = command;
  const { sinks } = await administration.spoolStatus();
  const failed = async (reason: string, exitCode: number): Promise<number> => {
    await write(json ? `${JSON.stringify({ error: reason })}\n` : `spool: ${shown(reason)}\n`);
    return exitCode;
  };
  const names = sinks.map(({ name }) => name);
  if (command.sink === undefined && sinks.length > 1)
    return failed(`expected --sink, one of ${names.join(', ')}`, usage);
  const sink = sinks.find(({ name }) => name === (command.sink ?? names[0]));
  if (sink === undefined)
    return failed(`no sink ${command.sink ?? ''} has a place in the spool; there is ${names.join(', ') || 'none'}`, 1);
  const { points, bytes } = sink.backlog;
  if (!(await ask(`Drop ${points} points (${sized(bytes)}) that wait for ${sink.name}, for good?`)))
    return failed('nothing was dropped', 1);
  const dropped = await administration.dropWaiting(sink.name);
  await write(
    json
      ? `${JSON.stringify({ sink: sink.name, ...dropped })}\n`
      : `${dropped.points} points dropped (${sized(dropped.bytes)})\n`,
  );
  return 0;
}
