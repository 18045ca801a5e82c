// Opens the OpenTSDB HTTP sink with a fake OpenTSDB, for one test.

import type { ExecutionContext } from 'ava';
import { silentLog } from '../../../../src/runtime/log.ts';
import { openTsdbHttp, type TsdbHttpOptions } from '../../../../src/sinks/opentsdb/http/http-sink.ts';
import { fakeTsd, type FakeTsdOptions } from '../../../fakes/tsd.ts';
import { movableClock } from '../../../fakes/time.ts';

export interface HttpFixtureOptions {
  readonly tsd?: FakeTsdOptions;
  readonly sink?: Partial<TsdbHttpOptions>;
}

export async function httpFixture(t: ExecutionContext, options: HttpFixtureOptions = {}) {
  const clock = movableClock();
  const tsd = await fakeTsd(t, { sleep: (ms) => clock.sleep(ms), ...options.tsd });
  const sink = openTsdbHttp({ urls: [tsd.url], clock, log: silentLog(), ...options.sink });
  t.teardown(() => sink.close());
  return { tsd, sink, clock };
}
