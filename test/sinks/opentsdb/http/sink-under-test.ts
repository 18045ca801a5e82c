// An OpenTSDB sink by HTTP before a fake OpenTSDB, for a test.

import type { ExecutionContext } from 'ava';
import { silentLog } from '../../../../src/runtime/log.ts';
import {
  openTsdbHttp,
  type OpenTsdbSink,
  type TsdbHttpOptions,
} from '../../../../src/sinks/opentsdb/http/http-sink.ts';
import { fakeTsd, type FakeTsd, type FakeTsdOptions } from '../../../fakes/tsd.ts';
import { movableClock, type MovableClock } from '../../../fakes/time.ts';

export interface HttpBench {
  readonly tsd: FakeTsd;
  readonly sink: OpenTsdbSink;
  readonly clock: MovableClock;
}

export interface HttpBenchOptions {
  readonly tsd?: FakeTsdOptions;
  readonly sink?: Partial<TsdbHttpOptions>;
}

export const forever: { readonly signal: AbortSignal } = { signal: new AbortController().signal };

/** Both go with the test. */
export async function httpBench(t: ExecutionContext, options: HttpBenchOptions = {}): Promise<HttpBench> {
  const clock = movableClock();
  const tsd = await fakeTsd(t, { sleep: (ms) => clock.sleep(ms), ...options.tsd });
  const sink = openTsdbHttp({ urls: [tsd.url], clock, log: silentLog(), ...options.sink });
  t.teardown(() => sink.close());
  return { tsd, sink, clock };
}
