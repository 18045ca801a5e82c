// What the workers counted of who was let in and who was not, those that have ended included, as if it were one process.

import type { AccessStatus } from '../auth/access-control.ts';

export interface PoolAccessStatus {
  /** Of a worker that has ended: its counts stay, what it held is held no more. */
  keep(ended: AccessStatus): void;
  /** @param own - the owner's, who knows the keys but lets nobody in */
  of(own: AccessStatus, running: readonly AccessStatus[]): AccessStatus;
}

export function poolAccessStatus(): PoolAccessStatus {
  let gone: AccessStatus | undefined;
  return {
    keep(ended) {
      const counted = {
        ...ended,
        connections: { ...ended.connections, open: 0 },
        requests: { ...ended.requests, inHand: 0 },
        bodies: { ...ended.bodies, heldBytes: 0 },
      };
      // The first of them may have ended before Catchpoint set tokens.
      gone =
        gone === undefined
          ? counted
          : { ...joined(gone, counted), ...(gone.rotation === undefined && { rotation: counted.rotation }) };
    },
    of: (own, running) => [...running, ...(gone === undefined ? [] : [gone])].reduce(joined, own),
  };
}

/** Tokens, files and certificate are the owner's, who reads them. */
function joined(own: AccessStatus, other: AccessStatus): AccessStatus {
  return {
    ...own,
    door: sum(own.door, other.door),
    rotation: own.rotation && (other.rotation === undefined ? own.rotation : rotationSum(own.rotation, other.rotation)),
    senders: sum(own.senders, other.senders),
    connections: sum(own.connections, other.connections),
    requests: sum(own.requests, other.requests),
    bodies: sum(own.bodies, other.bodies),
  };
}

type Rotation = NonNullable<AccessStatus['rotation']>;

function rotationSum(own: Rotation, other: Rotation): Rotation {
  const { rotatedAtMs, ...counts } = own;
  return { ...sum(counts, other), ...(rotatedAtMs !== undefined && { rotatedAtMs }) };
}

function sum<Counts extends object>(one: Counts, other: Readonly<Record<keyof Counts, unknown>>): Counts {
  return Object.fromEntries(
    Object.entries(one).map(([key, count]) => [key, count + Number(other[key as keyof Counts])]),
  ) as Counts;
}
