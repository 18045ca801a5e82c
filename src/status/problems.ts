// The problems on the status page and in `top`: those of /readyz, and the failures of the last minutes.

import { formatAge, formatBytes } from '../runtime/human-units.ts';
import { losses, readiness } from '../telemetry/readiness.ts';
import type { Snapshot } from '../telemetry/snapshot.ts';
import type { Problems } from './messages.ts';
import type { RecentIncreases } from './recent-increases.ts';

/** The last reload of the configuration; see reload.ts. */
export interface ConfigurationState {
  /** The reason why the configuration cannot be used. */
  readonly fault: string | undefined;
  /** Changed settings that need a restart. */
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

/** A spool that will be full within this time is a warning. */
const fullWithinS = 7 * 86_400;

export function problemsOf(
  snapshot: Snapshot,
  increases: RecentIncreases,
  { fault, needRestart }: ConfigurationState = { fault: undefined, needRestart: [] },
): Problems {
  const { reasons, warnings } = readiness(snapshot);
  const lost = losses(snapshot.lost);
  const { minutes } = increases;
  return {
    alarms: [...reasons.map((reason) => `Pushes are refused: ${reason}`), ...lost],
    warnings: [
      ...warnings.filter((warning) => !lost.includes(warning)),
      ...spoolFilling(snapshot, increases),
      ...counted(
        `requests not taken in the last ${minutes} min`,
        increases.notTaken,
        (cause) => causes[cause] ?? cause,
      ),
      ...counted(`new dead letters in the last ${minutes} min`, increases.letters, (kind) => kind),
      ...(fault === undefined
        ? []
        : [`the configuration cannot be used, the last good one stays in effect: ${fault.replaceAll('\n', '; ')}`]),
      ...(needRestart.length === 0 ? [] : [`changed, but in effect only after a restart: ${needRestart.join(', ')}`]),
    ],
  };
}

/** Only while a required sink fails: otherwise the backlog shrinks without help. */
function spoolFilling({ sinks, spool }: Snapshot, { spoolGrowthPerS }: RecentIncreases): string[] {
  const leftS = Math.max(0, spool.maxBytes - spool.waitingBytes) / spoolGrowthPerS;
  const isFailing = sinks.some(({ failingSinceMs, isRequired }) => isRequired && failingSinceMs !== undefined);
  if (spoolGrowthPerS <= 0 || leftS > fullWithinS || !isFailing) return [];
  return [
    `the spool grows by ${formatBytes(spoolGrowthPerS)} a second; in ${formatAge(0, leftS * 1000)} it is full, and pushes are refused from then on`,
  ];
}

function counted(what: string, counts: Readonly<Record<string, number>>, textOf: (name: string) => string): string[] {
  const parts = Object.entries(counts).map(([name, count]) => `${count.toLocaleString('en-US')} ${textOf(name)}`);
  return parts.length === 0 ? [] : [`${what}: ${parts.join(', ')}`];
}
