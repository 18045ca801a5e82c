// The `test` of the tests with a real Docker Engine or Podman. They run one at a time. BRIDGE_DOCKER=off or
// BRIDGE_E2E=off leaves them out, and the report names the switch.

import test, { type ExecutionContext } from 'ava';
import { dockerLeftOut } from './docker-switch.ts';

export function dockerTest(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  const leftOut = dockerLeftOut(process.env);
  if (leftOut === undefined) test.serial(title, body);
  else test.serial.skip(`${leftOut}: ${title}`, body);
}
