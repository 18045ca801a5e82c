// The access status of a pool: counts of ended workers stay, their gauges do not.

import test from 'ava';
import type { AccessStatus } from '../../src/auth/access-control.ts';
import { connectionCounts } from '../../src/auth/limits/connection-limit.ts';
import { poolAccessStatus } from '../../src/workers/pool-access-status.ts';

const status = (count: number, gauge: number): AccessStatus => ({
  isOpen: false,
  tokens: 3,
  tokenFiles: { reloads: 0, failures: 0 },
  tls: undefined,
  authentication: { unauthenticated: count, awaiting: 0 },
  rotation: { rotations: count, unauthenticated: 0, limited: 0, failed: 0 },
  senders: { fitting: 0, strange: 0, unknown: 0, division: 0, client: 0 },
  connections: { ...connectionCounts(), open: gauge, overAddress: count },
  requests: { inHand: gauge, overAll: count, overSender: 0 },
  bodies: { heldBytes: gauge, givenUp: count },
});

test('the status sums owner, running and ended workers', (t) => {
  const pool = poolAccessStatus();
  const owner: AccessStatus = {
    ...status(0, 0),
    tokens: 4,
    tokenFiles: { reloads: 2, failures: 1 },
    rotation: { rotations: 0, unauthenticated: 0, limited: 0, failed: 0, rotatedAtMs: 12 },
  };
  t.deepEqual(pool.sum(owner, []), owner);
  t.deepEqual(pool.sum(owner, [status(1, 10), status(2, 20)]), {
    ...status(3, 30),
    tokens: 4,
    tokenFiles: { reloads: 2, failures: 1 },
    rotation: { rotations: 3, unauthenticated: 0, limited: 0, failed: 0, rotatedAtMs: 12 },
  });
  pool.retain(status(2, 20));
  pool.retain(status(5, 7));
  t.like(pool.sum(owner, [status(1, 10)]), {
    authentication: { unauthenticated: 8 },
    rotation: { rotations: 8, rotatedAtMs: 12 },
    connections: { open: 10, overAddress: 8 },
    bodies: { heldBytes: 10, givenUp: 8 },
  });
});

test('rotations are counted although the first worker ended without a rotation secret', (t) => {
  const pool = poolAccessStatus();
  pool.retain({ ...status(1, 0), rotation: undefined });
  pool.retain(status(5, 0));
  t.like(pool.sum(status(0, 0), []), { rotation: { rotations: 5 } });
});
