// What is wrong, in words, for who opens the page at night: what readiness knows, and what has gone wrong in the last minutes.

import { losses, readiness } from '../telemetry/readiness.ts';
import type { Snapshot } from '../telemetry/snapshot.ts';
import { formatBytes, formatAge } from '../runtime/human-units.ts';
import type { RecentIncreases } from './recent-increases.ts';
import type { Problems } from './messages.ts';

/** The configuration as it was read last; see reload.ts. */
export interface ConfigurationSeen {
  /** Why it cannot be used; undefined: it can. */
  readonly fault: string | undefined;
  /** Settings that have changed and wait for a restart. */
  readonly needRestart: readonly string[];
}

const causes: Readonly<Record<string, string>> = {
  malformed: 'were no pushes (answered 4xx)',
  denied: 'came from a sender that may not (403)',
  refused: 'could not be kept (503)',
  failed: 'met a fault of the bridge (500; see the log)',
  unauthenticated: 'had no valid token (401)',
  awaiting: 'came before Catchpoint had set a token (503)',
  crowded: 'came while too many were in hand (503)',
  overSender: 'came too fast from one sender (429)',
  disconnected: 'lost their connection, as there were too many',
};

/** Within so long a full spool is near. */
const soonS = 7 * 86_400;

export function problemsOf(snapshot: Snapshot, lately: RecentIncreases, configuration?: ConfigurationSeen): Problems {
  const { reasons, warnings } = readiness(snapshot);
  const lost = losses(snapshot.lost);
  return {
    alarms: [...reasons.map((reason) => `Pushes are refused: ${reason}`), ...lost],
    warnings: [
      ...warnings.filter((warning) => !lost.includes(warning)),
      ...filling(snapshot, lately),
      ...notTaken(lately),
      ...newLetters(lately),
      ...configured(configuration),
    ],
  };
}

/** Only while a sink fails: a backlog that is being written goes away by itself. */
function filling(
  { sinks, spool: { waitingBytes, maxBytes } }: Snapshot,
  { spoolGrowthPerS }: RecentIncreases,
): string[] {
  const leftS = Math.max(0, maxBytes - waitingBytes) / spoolGrowthPerS;
  if (
    spoolGrowthPerS <= 0 ||
    leftS > soonS ||
    !sinks.some(({ failingSinceMs, isRequired }) => isRequired && failingSinceMs !== undefined)
  )
    return [];
  return [
    `the spool grows by ${formatBytes(spoolGrowthPerS)} a second; in ${formatAge(0, leftS * 1000)} it is full, and pushes are refused from then on`,
  ];
}

function notTaken({ minutes, notTaken: counts }: RecentIncreases): string[] {
  const parts = Object.entries(counts).map(([cause, count]) => `${grouped(count)} ${causes[cause] ?? cause}`);
  return parts.length === 0 ? [] : [`requests not taken in the last ${minutes} min: ${parts.join(', ')}`];
}

function newLetters({ minutes, letters }: RecentIncreases): string[] {
  const parts = Object.entries(letters).map(([kind, count]) => `${grouped(count)} ${kind}`);
  return parts.length === 0 ? [] : [`new dead letters in the last ${minutes} min: ${parts.join(', ')}`];
}

function configured(configuration: ConfigurationSeen | undefined): string[] {
  const { fault, needRestart = [] } = configuration ?? {};
  return [
    ...(fault === undefined
      ? []
      : [`the configuration cannot be used, the last good one stays in effect: ${fault.replaceAll('\n', '; ')}`]),
    ...(needRestart.length === 0 ? [] : [`changed, but in effect only after a restart: ${needRestart.join(', ')}`]),
  ];
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
