// A run starts the daemon, waits for its signal, and stops the daemon in order.

import test from 'ava';
import { systemClock } from '../../src/clock.ts';
import { run } from '../../src/commands/run.ts';
import { readConfig } from '../../src/config.ts';
import type { Daemon } from '../../src/daemon.ts';
import { silentLog } from '../../src/log.ts';

const { config } = readConfig({ flags: { fileMode: true }, env: {}, readFile: () => '', canWriteIn: () => true }, { needsNodes: false });
const ambient = { clock: systemClock(), random: () => 0.5, log: silentLog(), pid: 1 };

test('the daemon runs until the signal, and is given the one that hurries', async (t) => {
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const steps: string[] = [];
  const daemon = {
    pushUrl: 'http://127.0.0.1:1',
    adminUrl: 'http://127.0.0.1:2',
    status: () => t.fail() as never,
    async stop({ hurry: given } = {}) {
      steps.push(given === hurry.signal ? 'stopped' : 'stopped with another signal');
    },
  } satisfies Daemon;
  const running = run(config, ambient, { stop: stop.signal, hurry: hurry.signal }, async (given) => {
    steps.push(given === config ? 'started' : 'started with another configuration');
    return daemon;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(steps, ['started']);
  stop.abort();
  await running;
  t.deepEqual(steps, ['started', 'stopped']);
});

test('what the daemon cannot start for is thrown on', async (t) => {
  const signals = { stop: new AbortController().signal, hurry: new AbortController().signal };
  const fault = Object.assign(new Error('taken'), { exitCode: 69 });
  t.is(await t.throwsAsync(run(config, ambient, signals, async () => Promise.reject(fault))), fault);
});
