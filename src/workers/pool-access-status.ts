// Sums the access status of all workers, including ended ones, so that they appear as one process.

import type { AccessStatus } from '../auth/access-control.ts';

export type PoolAccessStatus = ReturnType<typeof poolAccessStatus>;

export function poolAccessStatus() {
  let retained: AccessStatus | undefined;
  return {
    /** Adds the counts of a worker that has ended. Its gauges are zero from then on. */
    retain(ended: AccessStatus): void {
      const counts = {
        ...ended,
        connections: { ...ended.connections, open: 0 },
        requests: { ...ended.requests, inHand: 0 },
        bodies: { ...ended.bodies, heldBytes: 0 },
      };
      if (retained === undefined) retained = counts;
      // Without a rotation secret, which a reload may add, a status has no counts of rotations.
      else
        retained = {
          ...added(retained, counts),
          ...(retained.rotation === undefined && { rotation: counts.rotation }),
        };
    },
    /** @param owner - its tokens, files and certificate are those of all workers */
    sum: (owner: AccessStatus, running: readonly AccessStatus[]): AccessStatus =>
      [...running, ...(retained === undefined ? [] : [retained])].reduce(added, owner),
  };
}

function added(one: AccessStatus, other: AccessStatus): AccessStatus {
  return {
    ...one,
    authentication: sum(one.authentication, other.authentication),
    rotation: one.rotation && sum(one.rotation, other.rotation ?? {}),
    senders: sum(one.senders, other.senders),
    connections: sum(one.connections, other.connections),
    requests: sum(one.requests, other.requests),
    bodies: sum(one.bodies, other.bodies),
  };
}

/** A member that `other` lacks counts as 0: only the owner has `rotatedAtMs`. */
function sum<Counts extends object>(one: Counts, other: Partial<Counts>): Counts {
  return Object.fromEntries(
    Object.entries(one).map(([key, count]) => [key, count + Number(other[key as keyof Counts] ?? 0)]),
  ) as Counts;
}
