// `run` starts the daemon, waits for its signal or the daemon's failure, and stops the daemon.

import test from 'ava';
import { run } from '../../src/cli/run.ts';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { systemdNotify } from '../../src/daemon/systemd-notify.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { configFrom } from './context.ts';

const { config } = configFrom({ fileMode: true });
const noSystemd = systemdNotify({}, silentLog());
const context = { clock: systemClock(), random: () => 0.5, log: silentLog(), pid: 1 };
const never = { stop: new AbortController().signal, hurry: new AbortController().signal };
const urls = { pushUrl: 'http://127.0.0.1:1', backstopUrl: undefined, adminUrl: 'http://127.0.0.1:2' };

test('`run` runs the daemon until the signal `stop`, and passes the signal `hurry` to its stop', async (t) => {
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const steps: string[] = [];
  const daemon: Daemon = {
    ...urls,
    status: () => t.fail(),
    failed: new Promise(() => {}),
    async stop(options) {
      steps.push(options?.hurry === hurry.signal ? 'stopped' : 'stopped with another signal');
    },
  };
  const running = run(config, context, { stop: stop.signal, hurry: hurry.signal }, noSystemd, async (given) => {
    steps.push(given === config ? 'started' : 'started with another configuration');
    return daemon;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(steps, ['started']);
  stop.abort();
  await running;
  t.deepEqual(steps, ['started', 'stopped']);
});

test('after a failure `run` stops the daemon, aborts `hurry` after a delay, and throws the failure', async (t) => {
  const failure = Object.assign(new Error('i/o error'), { exitCode: 74 });
  let hurried = '';
  const daemon: Daemon = {
    ...urls,
    status: () => t.fail(),
    failed: Promise.resolve(failure),
    async stop({ hurry } = {}) {
      hurried =
        hurry?.aborted === true
          ? 'at once'
          : await new Promise((resolve) => hurry?.addEventListener('abort', () => resolve('later')));
      return Promise.reject(new Error('cannot be closed either'));
    },
  };
  t.is(await t.throwsAsync(run(config, context, never, noSystemd, async () => daemon)), failure);
  t.is(hurried, 'later');
});

test('`run` throws the error of a failed start', async (t) => {
  const failure = Object.assign(new Error('taken'), { exitCode: 69 });
  const start = async () => Promise.reject(failure);
  t.is(await t.throwsAsync(run(config, context, never, noSystemd, start)), failure);
});
