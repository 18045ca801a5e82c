// The call budget keeps below Catchpoint's limits, over restarts and across processes.

import test, { type ExecutionContext } from 'ava';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '../../../../../src/runtime/log.ts';
import {
  callBudget,
  type CallBudget,
  callLimits,
} from '../../../../../src/sources/catchpoint/nodes/rest/call-budget.ts';
import { RestFailure } from '../../../../../src/sources/catchpoint/nodes/rest/failure.ts';
import { temporaryDirectory } from '../../../../fakes/directory.ts';
import { most } from '../../../../fakes/listing.ts';
import { untilSettled } from '../../../../fakes/passing-time.ts';
import { never } from '../../../../fakes/refreshing.ts';
import { movableClock } from '../../../../fakes/time.ts';

async function budgetFile(t: ExecutionContext) {
  const clock = movableClock();
  const path = join(await temporaryDirectory(t), 'nodes', 'calls.json');
  const open = (): CallBudget => callBudget(path, clock, silentLog());
  const times: number[] = [];
  async function spend(budget: CallBudget, count: number): Promise<void> {
    for (let call = 0; call < count; call += 1) {
      await budget.spend(never());
      times.push(clock.now());
    }
  }
  return { clock, path, open, spend, times };
}

test('allows 4 calls a second and 16 a minute', async (t) => {
  const { clock, open, spend, times } = await budgetFile(t);
  await untilSettled(clock, spend(open(), 50));
  t.is(most(times, 1000), 4);
  t.is(most(times, 60_000), 16);
});

test('refuses a call with a long wait, and names the time of the next one', async (t) => {
  const { clock, open, spend, times } = await budgetFile(t);
  const startMs = clock.now();
  const error = await t.throwsAsync(untilSettled(clock, spend(open(), 301), 1000), {
    instanceOf: RestFailure,
    message: /budget of calls .* spent until 2026-11-18T11:00/,
  });
  t.is(times.length, 300);
  t.is(error.retryAfterMs, startMs + 3_600_000 - clock.now());
});

test('refuses more than 1500 calls a day', async (t) => {
  const { clock, path, open, spend } = await budgetFile(t);
  const calls: number[] = [];
  for (let hour = 0; hour < 6; hour += 1) {
    if (hour < 5) calls.push(...Array.from({ length: 300 }, (_, call) => clock.now() + call));
    await clock.advance(3_600_000);
  }
  await untilSettled(clock, open().spend(never()));
  await writeFile(path, JSON.stringify({ calls }));
  await t.throwsAsync(untilSettled(clock, spend(open(), 1)), { message: /1500 calls in the last day/ });
});

test('a restart shares the budget', async (t) => {
  const { clock, open, spend, times } = await budgetFile(t);
  for (let start = 0; start < 40; start += 1) await untilSettled(clock, spend(open(), 1));
  t.is(most(times, 60_000), 16);
  t.is(most(times, 1000), 4);
});

test('concurrent calls share the budget', async (t) => {
  const { clock, open, spend, times } = await budgetFile(t);
  const budget = open();
  await untilSettled(clock, Promise.all([spend(budget, 20), spend(budget, 20)]));
  t.is(times.length, 40);
  t.true(most(times, 60_000) <= 16);
});

test('writes a call to disk before it is made', async (t) => {
  const { clock, path, open } = await budgetFile(t);
  await open().spend(never());
  t.deepEqual(JSON.parse(await readFile(path, 'utf8')), { calls: [clock.now()] });
});

test('times from a clock that was ahead count as now', async (t) => {
  const { clock, path, open, spend } = await budgetFile(t);
  await open().spend(never());
  await writeFile(path, JSON.stringify({ calls: Array.from({ length: 16 }, () => clock.now() + 40 * 86_400_000) }));
  const startMs = clock.now();
  await untilSettled(clock, spend(open(), 1));
  t.true(clock.now() - startMs <= 61_000);
});

test('moves an unusable file aside', async (t) => {
  const { path, open } = await budgetFile(t);
  await open().spend(never());
  await writeFile(path, '{"calls": "many"}');
  await t.notThrowsAsync(open().spend(never()));
  t.is(await readFile(`${path}.broken`, 'utf8'), '{"calls": "many"}');
});

test('the signal ends the wait', async (t) => {
  const { clock, open, spend } = await budgetFile(t);
  const stop = new AbortController();
  const budget = open();
  await untilSettled(clock, spend(budget, 16));
  const waiting = budget.spend(stop.signal);
  await clock.untilSomebodySleeps();
  stop.abort(new Error('stopped'));
  await t.throwsAsync(waiting, { message: 'stopped' });
});

test('every limit is at most 80 % of Catchpoint’s', (t) => {
  const theirs = new Map([
    [1000, 7],
    [60_000, 20],
    [3_600_000, 500],
    [86_400_000, 2000],
  ]);
  t.deepEqual(
    callLimits.map(({ perMs }) => perMs),
    [...theirs.keys()],
  );
  t.true(callLimits.every(({ calls, perMs }) => calls <= 0.8 * (theirs.get(perMs) ?? 0)));
});
