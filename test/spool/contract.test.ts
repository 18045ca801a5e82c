// The spool passes the suite of every queue.

import { openSpool, type Spool } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { movableClock } from '../fakes/time.ts';
import { testQueue } from './contract.ts';

testQueue('spool', async (t, maxBytes) => {
  const clock = movableClock();
  const directory = await temporaryDirectory(t);
  const opened = (): Promise<Spool> => openSpool({ directory, maxBytes, clock });
  let spool = await opened();
  t.teardown(() => spool.close());
  return {
    queue: () => spool,
    clock,
    async reopen() {
      await spool.close();
      spool = await opened();
      return spool;
    },
  };
});
