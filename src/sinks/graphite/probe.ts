// Whether a Carbon is there: a connection on which nothing is written.

import { readFileSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { within } from '../../runtime/deadline.ts';
import { type CarbonAddress, carbonConnection } from './connection.ts';

export interface ProbeOptions extends CarbonAddress {
  readonly isTls: boolean;
  readonly caFile: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const endMs = 5_000;

/** What was found, in words. Rejects when it cannot be connected to. */
export async function probeCarbon({ host, port, isTls, caFile, clock, signal }: ProbeOptions): Promise<string> {
  const tls = isTls ? { ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8') } : undefined;
  const connection = await carbonConnection({ host, port, tls, clock, signal, onBreak: () => {} });
  try {
    await within(clock, endMs, signal, connection.finish);
    return 'connected, and it closes connections in turn, which tells what it has read';
  } catch {
    signal.throwIfAborted();
    return `connected, but it did not close the connection in turn within ${endMs / 1000} s: what it has read cannot be seen`;
  } finally {
    connection.close();
  }
}
