// Loads modules that are needed soon after the start, so that no request waits for them.

import type { Log } from '../runtime/log.ts';

const modules: readonly (() => Promise<unknown>)[] = [
  () => import('got'),
  () => import('../telemetry/prometheus.ts'),
  () => import('../status/page-files.ts'),
];

/** Loads one module after the other. A failure is only logged: the code that needs the module fails the same way. */
export async function warmUp(log: Log, loads = modules): Promise<void> {
  for (const load of loads) {
    await load().catch((error: Error) =>
      log.error({ reason: error.message }, 'a part of the program cannot be read in'),
    );
  }
}
