// What is kept in the state directory: what waits in the spool and since when, and how old the node directory is.

import { Duration } from 'luxon';
import type { SpoolStatus } from '../../spool/status.ts';
import type { ConfigRead } from '../../config/config.ts';
import type { Log } from '../../runtime/log.ts';
import { directoryFile } from '../../sources/catchpoint/nodes/directory-file.ts';
import {
  doubtful,
  type FaultCode,
  faulty,
  fine,
  type Finding,
  type ProbeContext,
  unexamined,
} from '../probes/finding.ts';
import { accessOwner } from '../owner-access.ts';
import { sized } from '../plain-text.ts';

export interface StorageContext extends ProbeContext {
  readonly log: Log;
  readonly pid: number;
}

const oldMs = 300_000;
const fullShare = 0.8;

export async function spoolCheck(
  { config }: ConfigRead,
  { clock, log, pid, signal }: StorageContext,
): Promise<Finding[]> {
  try {
    const owner = await accessOwner({ config, clock, log, pid, signal });
    try {
      const status = await owner.administration.spoolStatus();
      const runs = owner.isRunning
        ? fine('bridge', 'runs')
        : doubtful(
            'bridge',
            'does not run in this state directory',
            'start it; Catchpoint sends a push again for 55 minutes',
          );
      return [runs, ...spoolFindings(status, clock.now(), owner.isRunning)];
    } finally {
      await owner.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    const { name, message, exitCode = 69 } = error as Error & { readonly exitCode?: number };
    if (name === 'NothingKept') return [unexamined('spool', 'nothing is kept yet')];
    const advice =
      exitCode === 74
        ? '`spool verify` tells more'
        : "run doctor as the bridge's user, and give it the bridge's --state-dir";
    return [faulty('spool', message, exitCode === 74 ? 74 : (69 satisfies FaultCode), advice)];
  }
}

function spoolFindings(
  { sinks, waitingBytes, maxBytes, deadLetters }: SpoolStatus,
  nowMs: number,
  isRunning: boolean,
): Finding[] {
  const waiting = sinks.map(({ name, backlog: { points, oldestAtMs } }) => {
    const ageMs = oldestAtMs === undefined ? 0 : Math.max(0, nowMs - oldestAtMs);
    const words = `${points} points wait for ${name}${ageMs > 0 ? `, the oldest for ${asTime(ageMs)}` : ''}`;
    return isRunning && ageMs > oldMs
      ? doubtful('spool', words, `look at what ${name} answers: \`spool status\`, and the log of the bridge`)
      : fine('spool', words);
  });
  const share = `${sized(waitingBytes)} of ${sized(maxBytes)} are in use`;
  const bound =
    waitingBytes > maxBytes * fullShare
      ? doubtful(
          'spool',
          share,
          'pushes are refused when all of it is: see to what takes the points, or raise --spool-max-bytes',
        )
      : fine('spool', share);
  const letters =
    deadLetters.count > 0
      ? doubtful(
          'dead letters',
          `${deadLetters.count}, ${sized(deadLetters.bytes)}`,
          '`dead-letters list` tells why; retry or drop them',
        )
      : fine('dead letters', 'none');
  return [...waiting, bound, letters];
}

/** Older than two refreshes: they fail, or no bridge runs. */
export async function nodesCheck({ config }: ConfigRead, { clock, log }: StorageContext): Promise<Finding[]> {
  const kept = await directoryFile({ stateDir: config.stateDir, log })
    .read()
    .catch((error: Error) => error);
  if (kept instanceof Error) return [faulty('node directory', kept.message, 74, "run doctor as the bridge's user")];
  if (kept === undefined) return [unexamined('node directory', 'none is kept yet; the first start reads it')];
  const ageMs = Math.max(0, clock.now() - kept.refreshedAtMs);
  const retired = kept.nodes.filter(({ retiredAtMs }) => retiredAtMs !== undefined).length;
  const words = `${kept.nodes.length} nodes (${retired} of them retired), read ${asTime(ageMs)} ago`;
  const isOld = ageMs > 2 * config.catchpoint.refreshHours * 3_600_000;
  return [
    isOld
      ? doubtful('node directory', words, '`nodes refresh` says why it is so old; nodes that are new since are parked')
      : fine('node directory', words),
  ];
}

function asTime(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  return Duration.fromMillis(ms)
    .shiftTo('days', 'hours', 'minutes')
    .toFormat(ms < 86_400_000 ? "h 'h' m 'min'" : "d 'd' h 'h'");
}
