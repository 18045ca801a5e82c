// What the suite of contract.ts gets: an open queue, its clock, and the way to restart it.

import test, { type ExecutionContext } from 'ava';
import { noLosses } from '../../src/spool/losses.ts';
import type { Spool } from '../../src/spool/spool.ts';
import type { MovableClock } from '../fakes/time.ts';

/** Far above what the tests append. */
export const ample = 1 << 24;

export interface QueueFixture {
  /** The open queue; after a restart another one. */
  queue(): Spool;
  readonly clock: MovableClock;
  /** Closes the queue, and opens it again with the same contents and bound. */
  reopen(): Promise<Spool>;
}

/** Opens an empty queue, which is closed at the end of the test. Called once a test. */
export type OpenQueue = (t: ExecutionContext, maxBytes: number) => Promise<QueueFixture>;

export interface QueueTools extends Omit<QueueFixture, 'queue'> {
  /** The queue before a restart. */
  readonly queue: Spool;
}

export type QueueTest = (
  title: string,
  body: (t: ExecutionContext, tools: QueueTools) => Promise<void>,
  maxBytes?: number,
) => void;

/** Registers tests of a queue. Each of them ends with the claim that nothing was lost. */
export function queueTests(name: string, open: OpenQueue): QueueTest {
  return (title, body, maxBytes = ample) => {
    test(`${name}: ${title}`, async (t) => {
      const fixture = await open(t, maxBytes);
      await body(t, { ...fixture, queue: fixture.queue() });
      t.deepEqual(fixture.queue().lost(), noLosses);
    });
  };
}
