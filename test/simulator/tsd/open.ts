// Opens a simulated OpenTSDB that closes with its test.

import type { ExecutionContext } from 'ava';
import { openTsd, type Tsd, type TsdOptions } from '../../../src/simulator/tsd/tsd.ts';

export async function tsdOf(t: ExecutionContext, options: TsdOptions = {}): Promise<Tsd> {
  const tsd = await openTsd(options);
  t.teardown(tsd.close);
  return tsd;
}
