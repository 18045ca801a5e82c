// Exits 0 when the bridge in the same container answers /healthz on its second listener, which is where it has told in its state directory.

import { readFileSync } from 'node:fs';

try {
  const { admin } = JSON.parse(readFileSync(`${process.env.CATCHPOINT_BRIDGE_STATE_DIR}/listening.json`, 'utf8'));
  const { status } = await fetch(`${admin}/healthz`, { signal: AbortSignal.timeout(4_000) });
  if (status !== 200) throw new Error(`${admin}/healthz answers ${status}`);
} catch (error) {
  process.stderr.write(`${error.message}: ${error.cause?.message ?? ''}\n`);
  process.exitCode = 1;
}
