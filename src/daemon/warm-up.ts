// What is needed soon after pushes are taken and not before: it is read in then, so that whoever asks first does not wait for it.

import type { Log } from '../runtime/log.ts';

const soonNeeded: readonly (() => Promise<unknown>)[] = [
  () => import('got'),
  () => import('../telemetry/prometheus.ts'),
  () => import('../status/page-files.ts'),
];

/** Reads it in, one part after the other. What cannot be read in is logged; whoever needs it meets the same error. */
export async function warmUp(log: Log, parts = soonNeeded): Promise<void> {
  for (const readIn of parts) {
    await readIn().catch((error: Error) =>
      log.error({ reason: error.message }, 'a part of the program cannot be read in'),
    );
  }
}
