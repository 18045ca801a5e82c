// Checks the backlog and the size of the spool, the dead letters, and the age of the node directory.

import { Duration } from 'luxon';
import type { ConfigRead } from '../../config/config.ts';
import { silentLog } from '../../runtime/log.ts';
import { directoryFile } from '../../sources/catchpoint/nodes/directory-file.ts';
import type { SpoolStatus } from '../../spool/status.ts';
import { NoStore, openAdministration, StoreBusy } from '../administration-access.ts';
import { formatSize } from '../terminal-text.ts';
import { type CheckContext, fault, type Finding, notChecked, ok, warning } from './finding.ts';

/** In a running bridge older points mean that a sink does not accept them. */
const maxAgeMs = 300_000;
const maxShare = 0.8;

export async function spoolCheck({ config }: ConfigRead, context: CheckContext): Promise<Finding[]> {
  const { clock, signal } = context;
  try {
    const access = await openAdministration(config, silentLog(), context);
    try {
      const status = await access.administration.spoolStatus();
      const bridge = access.isRunning
        ? ok('bridge', 'runs')
        : warning(
            'bridge',
            'does not run in this state directory',
            'start it; Catchpoint sends a push again for 55 minutes',
          );
      return [bridge, ...spoolFindings(status, clock.now(), access.isRunning)];
    } finally {
      await access.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NoStore) return [notChecked('spool', 'nothing is kept yet')];
    if (error instanceof StoreBusy) return [notChecked('spool', error.message, 'run doctor again in a moment')];
    const { message, exitCode } = error as Error & { readonly exitCode?: number };
    if (exitCode === 74) return [fault('spool', message, 74, '`spool verify` tells more')];
    return [fault('spool', message, 69, "run doctor as the bridge's user, and give it the bridge's --state-dir")];
  }
}

function spoolFindings(
  { sinks, waitingBytes, maxBytes, deadLetters }: SpoolStatus,
  nowMs: number,
  isRunning: boolean,
): Finding[] {
  const backlogs = sinks.map(({ name, backlog: { points, oldestAtMs } }) => {
    const ageMs = oldestAtMs === undefined ? 0 : Math.max(0, nowMs - oldestAtMs);
    const words = `${points} points wait for ${name}${ageMs > 0 ? `, the oldest for ${formatDuration(ageMs)}` : ''}`;
    if (!isRunning || ageMs <= maxAgeMs) return ok('spool', words);
    return warning('spool', words, `look at what ${name} answers: \`spool status\`, and the log of the bridge`);
  });
  const used = `${formatSize(waitingBytes)} of ${formatSize(maxBytes)} are in use`;
  const size =
    waitingBytes > maxBytes * maxShare
      ? warning(
          'spool',
          used,
          'pushes are refused when all of it is: see to what takes the points, or raise --spool-max-bytes',
        )
      : ok('spool', used);
  const letters =
    deadLetters.count > 0
      ? warning(
          'dead letters',
          `${deadLetters.count}, ${formatSize(deadLetters.bytes)}`,
          '`dead-letters list` tells why; retry or drop them',
        )
      : ok('dead letters', 'none');
  return [...backlogs, size, letters];
}

/** Warns after two missed refreshes. */
export async function nodesCheck(
  { config: { stateDir, catchpoint, takesCatchpoint } }: ConfigRead,
  { clock }: CheckContext,
): Promise<Finding[]> {
  if (!takesCatchpoint) return [];
  const what = 'node directory';
  const stored = await directoryFile({ stateDir, log: silentLog() })
    .read()
    .catch((error: Error) => error);
  if (stored instanceof Error) return [fault(what, stored.message, 74, "run doctor as the bridge's user")];
  if (stored === undefined) return [notChecked(what, 'none is kept yet; the first start reads it')];
  const { nodes, refreshedAtMs } = stored;
  const ageMs = Math.max(0, clock.now() - refreshedAtMs);
  const retired = nodes.filter(({ retiredAtMs }) => retiredAtMs !== undefined).length;
  const words = `${nodes.length} nodes (${retired} of them retired), read ${formatDuration(ageMs)} ago`;
  if (ageMs <= 2 * catchpoint.refreshHours * 3_600_000) return [ok(what, words)];
  return [warning(what, words, '`nodes refresh` says why it is so old; nodes that are new since are parked')];
}

/** `42 s`, `5 h 12 min` or `3 d 4 h` */
function formatDuration(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  return Duration.fromMillis(ms)
    .shiftTo('days', 'hours', 'minutes')
    .toFormat(ms < 86_400_000 ? "h 'h' m 'min'" : "d 'd' h 'h'");
}
