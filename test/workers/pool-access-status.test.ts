// What workers counted together: nothing is forgotten of those that have ended, and what they held is held no more.

import test from 'ava';
import type { AccessStatus } from '../../src/auth/access-control.ts';
import { poolAccessStatus } from '../../src/workers/pool-access-status.ts';

const counted = (count: number, held: number): AccessStatus => ({
  isOpen: false,
  tokens: 3,
  tokenFiles: {
    reloads: 0,
    failures: 0,
  },
  tls: undefined,
  door: {
    unauthenticated: count,
    awaiting: 0,
  },
  rotation: {
    rotations: count,
    unauthenticated: 0,
    limited: 0,
    failed: 0,
  },
  senders: {
    fitting: 0,
    strange: 0,
    unknown: 0,
    division: 0,
    client: 0,
  },
  connections: {
    open: held,
    overAddress: count,
    cut: 0,
    overAll: 0,
    handshakes: 0,
    headersTooLarge: 0,
    timedOut: 0,
    notHttp: 0,
  },
  requests: {
    inHand: held,
    overAll: count,
    overSender: 0,
  },
  bodies: {
    heldBytes: held,
    givenUp: count,
  },
});

test('the sums are of the owner, of those that run and of those that have ended', (t) => {
  const sums = poolAccessStatus();
  const own: AccessStatus = {
    ...counted(0, 0),
    tokens: 4,
    tokenFiles: { reloads: 2, failures: 1 },
    rotation: { rotations: 0, unauthenticated: 0, limited: 0, failed: 0, rotatedAtMs: 12 },
  };
  t.deepEqual(sums.of(own, []), own);
  t.deepEqual(sums.of(own, [counted(1, 10), counted(2, 20)]), {
    ...counted(3, 30),
    tokens: 4,
    tokenFiles: { reloads: 2, failures: 1 },
    rotation: { rotations: 3, unauthenticated: 0, limited: 0, failed: 0, rotatedAtMs: 12 },
  });
  sums.keep(counted(2, 20));
  sums.keep(counted(5, 7));
  t.like(sums.of(own, [counted(1, 10)]), {
    door: { unauthenticated: 8 },
    rotation: { rotations: 8, rotatedAtMs: 12 },
    connections: { open: 10, overAddress: 8 },
    bodies: { heldBytes: 10, givenUp: 8 },
  });
});

test('what a worker counted is not forgotten because one ended before Catchpoint set tokens', (t) => {
  const sums = poolAccessStatus();
  sums.keep({ ...counted(1, 0), rotation: undefined });
  sums.keep(counted(5, 0));
  t.like(sums.of(counted(0, 0), []), { rotation: { rotations: 5 } });
});
