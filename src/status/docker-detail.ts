// The status of the Docker source as one line of the status page and `top`: engine, containers, the last poll and what it skipped.

import { formatAge } from '../runtime/human-units.ts';
import type { DockerSnapshot } from '../telemetry/snapshot.ts';

/** Such as `Docker 20.10.24, API 1.41, cgroup v1; 12 containers; last poll 3 s ago in 120 ms; skipped: 2 timeout`. */
export function dockerDetail(docker: DockerSnapshot, nowMs: number): string {
  const { failingSinceMs, lastError = 'no answer', events } = docker;
  return [
    ...(failingSinceMs === undefined
      ? [docker.engine === undefined ? `connects to ${docker.address}` : engineText(docker.engine)]
      : [`${docker.address} has not answered for ${formatAge(failingSinceMs, nowMs)}: ${lastError}`]),
    ...(docker.lastPoll === undefined ? [] : [containersText(docker), ...pollTexts(docker.lastPoll, nowMs)]),
    ...(events.lastError === undefined || failingSinceMs !== undefined ? [] : [`no events: ${events.lastError}`]),
  ].join('; ');
}

/** Samples, and what was skipped, by reason, since the start. */
export function dockerCounts({ samples, skipped }: DockerSnapshot): Readonly<Record<string, number>> {
  return { samples, ...skipped };
}

/** Such as `Docker 20.10.24, API 1.41, cgroup v1`. */
export function engineText({
  product,
  version,
  apiVersion,
  cgroupVersion,
}: NonNullable<DockerSnapshot['engine']>): string {
  const cgroup = cgroupVersion === undefined ? '' : `, cgroup v${cgroupVersion}`;
  return `${[product, version].filter((text) => text !== '').join(' ')}, API ${apiVersion}${cgroup}`;
}

function containersText({ containers, excluded }: DockerSnapshot): string {
  const count = Object.values(containers).reduce((sum, each) => sum + each, 0);
  return `${count} containers${excluded === 0 ? '' : `, ${excluded} excluded`}`;
}

function pollTexts({ atMs, durationMs, skipped }: NonNullable<DockerSnapshot['lastPoll']>, nowMs: number): string[] {
  const reasons = Object.entries(skipped).filter(([, count]) => count > 0);
  return [
    `last poll ${formatAge(atMs, nowMs)} ago in ${Math.round(durationMs)} ms`,
    ...(reasons.length === 0 ? [] : [`skipped: ${reasons.map(([reason, count]) => `${count} ${reason}`).join(', ')}`]),
  ];
}
