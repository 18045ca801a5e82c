// Probes a Carbon: connects, writes nothing, and observes how the connection closes.

import type { Clock } from '../../runtime/clock.ts';
import { withTimeout } from '../../runtime/deadline.ts';
import { type CarbonAddress, carbonConnection, carbonTls } from './connection.ts';

export interface ProbeOptions extends CarbonAddress {
  readonly isTls: boolean;
  readonly caFile: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const closeMs = 5_000;

/** Describes the result. Rejects when connecting fails. */
export async function probeCarbon({ host, port, isTls, caFile, clock, signal }: ProbeOptions): Promise<string> {
  const tls = carbonTls(isTls, caFile);
  const connection = await carbonConnection({ host, port, tls, clock, signal, onBreak: () => {} });
  try {
    await withTimeout(clock, closeMs, signal, connection.finish);
    return 'connected, and it closes connections in turn, which tells what it has read';
  } catch {
    signal.throwIfAborted();
    return `connected, but it did not close the connection in turn within ${closeMs / 1000} s: what it has read cannot be seen`;
  } finally {
    connection.close();
  }
}
