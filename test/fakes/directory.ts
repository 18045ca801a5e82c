// A temporary directory for one test.

import type { ExecutionContext } from 'ava';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes an empty directory, and removes it after the test. */
export async function temporaryDirectory(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bridge-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
