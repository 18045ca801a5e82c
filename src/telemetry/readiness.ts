// Decides whether the bridge is ready, and lists reasons and warnings.
//
// Not ready means that pushes are answered 503. A dead OpenTSDB or a stale node directory is only a warning: pushes are
// stored and completed later, so a load balancer has no reason to send them elsewhere.

import { dedupWindowMs } from '../spool/dedup/dedup.ts';
import { formatAge, formatBytes } from '../runtime/human-units.ts';
import type { DockerPollSnapshot, LossesSnapshot, SinkSnapshot, Snapshot } from './snapshot.ts';

export interface Readiness {
  readonly isReady: boolean;
  /** The reasons why pushes are refused; empty if ready. */
  readonly reasons: readonly string[];
  /** Problems while pushes are accepted. */
  readonly warnings: readonly string[];
}

/** The spool is full if a large push no longer fits. */
const largePushBytes = 8192;
/** A refusal makes the bridge not ready for this time, or until the next stored delivery. */
const refusalHoldsMs = 30_000;
const spoolWarnsAt = 0.8;
const lettersRefuseAt = 1 / 8;
const lettersWarnAt = 1 / 32;
const lagWarnsMs = 600_000;
const dayMs = 86_400_000;
/** Automatic renewal happens earlier than this before the expiry. */
const certificateWarnsMs = 14 * dayMs;
/** The node directory is stale after this many intervals without a refresh. */
const staleIntervals = 2;

export function readiness(snapshot: Snapshot): Readiness {
  const reasons = [...stopping(snapshot), ...noWorker(snapshot), ...fullSpool(snapshot), ...recentRefusal(snapshot)];
  const warnings = [
    ...snapshot.sinks.flatMap((sink) => sinkWarnings(sink, snapshot.atMs)),
    ...nodeWarnings(snapshot),
    ...dockerWarnings(snapshot),
    ...spoolWarnings(snapshot),
    ...dataWarnings(snapshot),
    ...configurationWarnings(snapshot),
    ...workerWarnings(snapshot),
  ];
  return { isReady: reasons.length === 0, reasons, warnings };
}

function stopping({ isStopping }: Snapshot): string[] {
  return isStopping ? ['the bridge is stopping'] : [];
}

function noWorker({ workers, isStopping }: Snapshot): string[] {
  return workers?.running === 0 && !isStopping ? ['no worker takes requests'] : [];
}

function workerWarnings({ workers }: Snapshot): string[] {
  const isShort = workers !== undefined && workers.running > 0 && workers.running < workers.wanted;
  return isShort ? [`${workers.running} of ${workers.wanted} workers take requests`] : [];
}

function fullSpool({ spool: { waitingBytes, maxBytes, scarcity }, deadLetters }: Snapshot): string[] {
  const reasons = scarcity === undefined ? [] : [`the disk is nearly full: ${scarcity}`];
  if (waitingBytes + largePushBytes > maxBytes) {
    reasons.push(`the spool is full: ${formatBytes(waitingBytes)} wait, at most ${formatBytes(maxBytes)} may`);
  }
  if (deadLetters.bytes > maxBytes * lettersRefuseAt) {
    reasons.push(
      `there are too many dead letters: ${formatBytes(deadLetters.bytes)}, at most ${formatBytes(maxBytes * lettersRefuseAt)}`,
    );
  }
  return reasons;
}

/** Covers every other cause of 503, such as a failing disk. */
function recentRefusal({ atMs, pushes: { lastRefusal }, sources }: Snapshot): string[] {
  if (lastRefusal === undefined || atMs - lastRefusal.atMs > refusalHoldsMs) return [];
  if (sources.some(({ lastAtMs = -Infinity }) => lastAtMs >= lastRefusal.atMs)) return [];
  return [`the last push, ${formatAge(lastRefusal.atMs, atMs)} ago, was refused: ${lastRefusal.reason}`];
}

function sinkWarnings({ name, failingSinceMs, lastError, backlog }: SinkSnapshot, atMs: number): string[] {
  const { points, oldestAtMs } = backlog;
  if (failingSinceMs !== undefined) {
    const error = lastError === undefined ? '' : ` (${lastError})`;
    return [`${name} has taken nothing for ${formatAge(failingSinceMs, atMs)}${error}; ${points} points wait`];
  }
  if (oldestAtMs === undefined || atMs - oldestAtMs <= lagWarnsMs) return [];
  return [`${name} lags: ${points} points wait, the oldest for ${formatAge(oldestAtMs, atMs)}`];
}

function configurationWarnings({ atMs, reloads, access }: Snapshot): string[] {
  const warnings: string[] = [];
  if (reloads?.isLastGood === false) {
    warnings.push(
      `the configuration as it stands cannot be used; the last good one, ${formatAge(reloads.lastGoodAtMs, atMs)} old, stays in effect`,
    );
  }
  const leftMs = (access?.tls?.notAfterMs ?? Infinity) - atMs;
  if (leftMs <= 0) warnings.push('the certificate of the push listener has expired; senders that look do not push');
  else if (leftMs < certificateWarnsMs)
    warnings.push(`the certificate of the push listener expires within ${Math.ceil(leftMs / dayMs)} days`);
  return warnings;
}

function nodeWarnings({ atMs, takesPushes, nodes }: Snapshot): string[] {
  if (!takesPushes) return [];
  const { known, refreshedAtMs, everyMs, lastError, fileFault, notes } = nodes;
  const warnings: string[] = [];
  const error = lastError === undefined ? '' : `; the last refresh failed: ${lastError}`;
  if (known === 0) {
    warnings.push(`the node directory is empty; pushes wait for their nodes${error}`);
  } else if (refreshedAtMs !== undefined && atMs - refreshedAtMs > staleIntervals * everyMs) {
    warnings.push(`the node directory is stale: ${formatAge(refreshedAtMs, atMs)} old${error}`);
  }
  if (fileFault !== undefined) warnings.push(`the node directory is in memory alone: ${fileFault}`);
  if (notes.length > 0) warnings.push(`the node directory lacks something: ${notes.join('; ')}`);
  return warnings;
}

/** Containers are not asked meanwhile; pushes are taken all the same. */
/** When every container fails, the cause is not in one of them. */
function unsampledContainers({ samples, skipped }: DockerPollSnapshot): string[] {
  const counts = Object.entries(skipped).filter(([, count]) => count > 0);
  if (samples > 0 || counts.length === 0) return [];
  const reasons = counts.map(([reason, count]) => `${count} ${reason}`).join(', ');
  return [`no container was sampled in the last poll of the Docker engine: ${reasons}`];
}

function dockerWarnings({ atMs, docker }: Snapshot): string[] {
  if (docker === undefined) return [];
  const { address, failingSinceMs, lastError, lastPoll } = docker;
  if (failingSinceMs === undefined) return lastPoll === undefined ? [] : unsampledContainers(lastPoll);
  const error = lastError === undefined ? '' : ` (${lastError})`;
  return [`the Docker engine at ${address} has not answered for ${formatAge(failingSinceMs, atMs)}${error}`];
}

function spoolWarnings({ spool, goneSinks, deadLetters }: Snapshot): string[] {
  const { waitingBytes, maxBytes, fileBytes, freeBytes } = spool;
  const warnings: string[] = [];
  if (waitingBytes > maxBytes * spoolWarnsAt) {
    warnings.push(`the spool is ${Math.floor((100 * waitingBytes) / maxBytes)} % full`);
  }
  if (freeBytes !== undefined && fileBytes + freeBytes < maxBytes) {
    warnings.push(`the spool's disk has ${formatBytes(freeBytes)} free, less than the spool may grow by`);
  }
  if (spool.dedup.windowMs < dedupWindowMs) {
    warnings.push(
      `a push that comes again is known for ${Math.round(spool.dedup.windowMs / 60_000)} min, not for two hours: --dedup-max-bytes ${formatBytes(spool.dedup.maxBytes)} is too little`,
    );
  }
  for (const { name, backlog } of goneSinks) {
    if (backlog.points > 0)
      warnings.push(`${backlog.points} points wait for ${name}, which is not configured; after a week they are lost`);
  }
  if (deadLetters.bytes > maxBytes * lettersWarnAt) {
    warnings.push(
      `${deadLetters.count} dead letters take ${formatBytes(deadLetters.bytes)}; at ${formatBytes(maxBytes * lettersRefuseAt)} pushes are refused`,
    );
  }
  return warnings;
}

const lossTexts: Readonly<Record<keyof LossesSnapshot, string>> = {
  records: 'deliveries',
  points: 'points',
  retries: 'writes to be made again',
  parked: 'parked measurements',
  deadLetters: 'dead letters',
  uncounted: 'damaged spools of unknown contents',
  goneSinkPoints: 'points of a sink that is gone',
};

/** One line if anything was lost, otherwise none. */
export function losses(lost: LossesSnapshot): string[] {
  const names = Object.keys(lossTexts) as (keyof LossesSnapshot)[];
  const parts = names.filter((name) => lost[name] > 0).map((name) => `${lost[name]} ${lossTexts[name]}`);
  return parts.length === 0 ? [] : [`lost, ever: ${parts.join(', ')}`];
}

function dataWarnings({ lost, archive, spool, sinks }: Snapshot): string[] {
  const skipping = sinks.filter(({ skipped }) => skipped > 0);
  return [
    ...losses(lost),
    ...(spool.isRestoring ? ['what an earlier version has stored is drained still; its store stays until then'] : []),
    ...skipping.map(({ name, skipped }) => `${name} has missed ${skipped} points, ever, since too much waited for it`),
    ...(archive?.lastError === undefined ? [] : [`pushes are not archived: ${archive.lastError}`]),
  ];
}
