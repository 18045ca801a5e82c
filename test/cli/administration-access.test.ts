// The administration of a state directory that no bridge uses.

import test from 'ava';
import { join } from 'node:path';
import { openAdministration } from '../../src/cli/administration-access.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { points } from '../fakes/points.ts';
import { checkContext } from './checks/check-context.ts';
import { configFrom } from './context.ts';

test('the status of a spool without a bridge counts every known run', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const { clock } = checkContext;
  const spool = await openSpool({ directory: join(stateDir, 'spool'), maxBytes: 1 << 24, clock });
  const keys = Array.from({ length: 200 }, (_, key) => String(key));
  await Promise.all(keys.map((key) => spool.append(points(1), { run: { key, digest: 'a' } })));
  await spool.close();
  const access = await openAdministration(configFrom({ stateDir }).config, silentLog(), checkContext);
  t.teardown(access.close);
  t.false(access.isRunning);
  t.is((await access.administration.spoolStatus()).dedup.runs, keys.length);
});
