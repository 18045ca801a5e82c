// A run starts the daemon, waits for its signal, and stops the daemon in order.

import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { run } from '../../src/cli/run.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { systemdNotify } from '../../src/daemon/systemd-notify.ts';

const { config } = readConfig(
  { flags: { fileMode: true }, env: {}, readFile: () => '', canWriteIn: () => true },
  { needsNodes: false },
);
const nobody = systemdNotify({}, silentLog());
const ambient = { clock: systemClock(), random: () => 0.5, log: silentLog(), pid: 1 };

test('the daemon runs until the signal, and is given the one that hurries', async (t) => {
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const steps: string[] = [];
  const daemon = {
    pushUrl: 'http://127.0.0.1:1',
    backstopUrl: undefined,
    adminUrl: 'http://127.0.0.1:2',
    status: () => t.fail(),
    failed: new Promise(() => {}),
    async stop({ hurry: given } = {}) {
      steps.push(given === hurry.signal ? 'stopped' : 'stopped with another signal');
    },
  } satisfies Daemon;
  const running = run(config, ambient, { stop: stop.signal, hurry: hurry.signal }, nobody, async (given) => {
    steps.push(given === config ? 'started' : 'started with another configuration');
    return daemon;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(steps, ['started']);
  stop.abort();
  await running;
  t.deepEqual(steps, ['started', 'stopped']);
});

test('a daemon that cannot go on is stopped in a hurry, after a moment, and what it fails for is thrown on', async (t) => {
  const signals = { stop: new AbortController().signal, hurry: new AbortController().signal };
  const fault = Object.assign(new Error('i/o error'), { exitCode: 74 });
  let hurried = '';
  const daemon: Daemon = {
    pushUrl: 'http://127.0.0.1:1',
    backstopUrl: undefined,
    adminUrl: 'http://127.0.0.1:2',
    status: () => t.fail(),
    failed: Promise.resolve(fault),
    async stop({ hurry } = {}) {
      hurried =
        hurry?.aborted === true
          ? 'at once'
          : await new Promise((resolve) => hurry?.addEventListener('abort', () => resolve('after a moment')));
      return Promise.reject(new Error('cannot be closed either'));
    },
  };
  t.is(await t.throwsAsync(run(config, ambient, signals, nobody, async () => daemon)), fault);
  t.is(hurried, 'after a moment', 'what is in hand is answered first');
});

test('what the daemon cannot start for is thrown on', async (t) => {
  const signals = { stop: new AbortController().signal, hurry: new AbortController().signal };
  const fault = Object.assign(new Error('taken'), { exitCode: 69 });
  t.is(await t.throwsAsync(run(config, ambient, signals, nobody, async () => Promise.reject(fault))), fault);
});
