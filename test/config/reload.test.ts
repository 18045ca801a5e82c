// A reload puts reloadable changes into effect, names the others, and changes nothing if there is any fault.

import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { type ReloadablePart, reloading } from '../../src/config/reload.ts';
import { movableClock } from '../fakes/time.ts';
import { read } from './given.ts';

const levels: Readonly<Record<number, string>> = { 30: 'info', 40: 'warn', 50: 'error' };

function stage(text: string) {
  const file = { text, keyWritten: 'once' };
  const lines: string[] = [];
  const steps: string[] = [];
  const clock = movableClock();
  const readFiles = () => read({ file: file.text, readFile: () => 'hunter2', stampOf: () => file.keyWritten });
  const reloads = reloading({
    read: readFiles,
    running: readFiles(),
    clock,
    log: pino({ base: null }, { write: (line) => void lines.push(line) }),
  });
  return {
    reloads,
    clock,
    /** The parts that prepared and took a change, in order. */
    steps,
    /** Changes the configuration file, and the time stamp of the file with the key. */
    write: (next: string, keyWritten = file.keyWritten) => void Object.assign(file, { text: next, keyWritten }),
    /** The new log lines: level, message, and the settings or faults in it. */
    logged: () =>
      lines.splice(0).map((line) => {
        const {
          level,
          msg,
          changed = [],
          settings = [],
          faults = [],
        } = JSON.parse(line) as {
          readonly level: number;
          readonly msg: string;
          readonly changed?: string[];
          readonly settings?: string[];
          readonly faults?: string[];
        };
        return [levels[level], msg, ...changed, ...settings, ...faults].join(' ');
      }),
    part: (name: string, settings: ReloadablePart['settings'], refusal: () => string | undefined = () => undefined) =>
      reloads.onReload({
        settings,
        prepare(next) {
          const reason = refusal();
          if (reason !== undefined) throw new Error(reason);
          steps.push(`prepare ${name}`);
          return () => void steps.push(`${name} ${next.log.level} ${next.catchpoint.refreshHours}`);
        },
      }),
  };
}

const notUsed = 'error the configuration cannot be used; the last good one stays in effect';

/** Lets the watch check the files once. */
async function check({ clock }: ReturnType<typeof stage>): Promise<void> {
  await clock.untilSomebodySleeps();
  await clock.advance(10_000);
  await clock.untilSomebodySleeps();
}

function watched(t: ExecutionContext, { reloads }: ReturnType<typeof stage>): void {
  const stop = new AbortController();
  const watching = reloads.watch(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await watching;
  });
}

test('each part takes its changes after every part has prepared', async (t) => {
  const set = stage('log-level: info');
  set.part('log', ['logLevel']);
  set.part('other', ['slices']);
  set.part('nodes', ['refreshHours', 'key']);
  set.write('log-level: debug\nrefresh-hours: 12');
  t.deepEqual(await set.reloads.reload(), { changed: ['refresh-hours', 'log-level'], needRestart: [] });
  t.deepEqual(set.steps, ['prepare log', 'prepare nodes', 'log debug 12', 'nodes debug 12']);
  t.deepEqual(set.logged(), ['info configuration reloaded refresh-hours log-level']);
  t.deepEqual(await set.reloads.reload(), { changed: [], needRestart: [] });
  t.deepEqual(set.logged(), ['info configuration read again: nothing has changed']);
});

test('a change that needs a restart is reported at each reload until it is undone', async (t) => {
  const set = stage('');
  set.part('log', ['logLevel']);
  set.write('listen: 9090\nlog-level: warn');
  t.deepEqual(await set.reloads.reload(), { changed: ['log-level'], needRestart: ['listen'] });
  t.deepEqual(await set.reloads.reload(), { changed: [], needRestart: ['listen'] });
  set.write('log-level: warn');
  t.deepEqual(await set.reloads.reload(), { changed: [], needRestart: [] });
  const restart = 'warn settings have changed that need a restart; until then the former values hold listen';
  t.deepEqual(set.logged(), [
    'info configuration reloaded log-level',
    restart,
    restart,
    'info configuration read again: nothing has changed',
  ]);
});

test('a fault in the file changes nothing and is logged with its line', async (t) => {
  const set = stage('');
  set.part('log', ['logLevel']);
  set.write('log-level: debug\nlisen: 80');
  await t.throwsAsync(set.reloads.reload(), {
    name: 'ReloadRefused',
    message: 'bridge.yaml:2: lisen: no such setting; did you mean listen?',
  });
  t.deepEqual(set.steps, []);
  t.deepEqual(set.logged(), [`${notUsed} bridge.yaml:2: lisen: no such setting; did you mean listen?`]);
  set.write('log-level: debug');
  t.deepEqual((await set.reloads.reload()).changed, ['log-level']);
});

test('a part that refuses its change stops all changes', async (t) => {
  const set = stage('');
  const refusal: { reason: string | undefined } = { reason: 'no such authority' };
  set.part('log', ['logLevel']);
  set.part('tsdb', ['tsdbHost'], () => refusal.reason);
  set.write('log-level: debug\ntsdb-host: b');
  await t.throwsAsync(set.reloads.reload(), { message: 'no such authority' });
  t.deepEqual(set.steps, ['prepare log']);
  refusal.reason = undefined;
  t.deepEqual((await set.reloads.reload()).changed, ['tsdb-host', 'log-level']);
});

test('a change of the file takes effect within ten seconds and is logged once', async (t) => {
  const set = stage('');
  set.part('log', ['logLevel']);
  watched(t, set);
  await check(set);
  t.deepEqual(set.logged(), []);
  set.write('log-level: warn\nlisten: 1');
  await check(set);
  await check(set);
  t.deepEqual(set.steps, ['prepare log', 'log warn 24']);
  t.is(set.logged().length, 2);
});

test('files that settings name are watched too', async (t) => {
  const set = stage('key-file: /k\nsecret: s');
  set.part('nodes', ['key', 'keyFile']);
  watched(t, set);
  set.write('key-file: /k\nsecret: s', 'anew');
  await check(set);
  t.deepEqual(set.logged(), ['info configuration reloaded key-file']);
});

test('the watch logs a persistent fault once and takes the next valid file', async (t) => {
  const set = stage('');
  set.part('log', ['logLevel']);
  watched(t, set);
  set.write('log-level: loud');
  await check(set);
  await check(set);
  t.is(set.logged().length, 1);
  set.write('log-level: louder');
  await check(set);
  t.regex(set.logged().join(), /found "louder"$/);
  set.write('');
  await check(set);
  t.deepEqual(set.logged(), ['info configuration read again: nothing has changed']);
});

test('no log line holds a secret', async (t) => {
  const set = stage('key: hunter2\nsecret: hunter3');
  set.part('nodes', ['key', 'secret']);
  set.write('key: hunter4\nsecret: "hunter5\\nhunter6"');
  await t.throwsAsync(set.reloads.reload());
  set.write('key: hunter4\nsecret: hunter7');
  await set.reloads.reload();
  t.notRegex(set.logged().join('\n'), /hunter/);
});

test('the status counts reloads; a persistent fault counts once', async (t) => {
  const set = stage('log-level: info');
  set.part('log', ['logLevel']);
  const startedAtMs = set.clock.now();
  t.deepEqual(set.reloads.status(), { isLastGood: true, lastGoodAtMs: startedAtMs, succeeded: 0, failed: 0 });
  watched(t, set);
  set.write('log-level: loud');
  await check(set);
  await check(set);
  t.deepEqual(set.reloads.status(), { isLastGood: false, lastGoodAtMs: startedAtMs, succeeded: 0, failed: 1 });
  await t.throwsAsync(set.reloads.reload());
  t.is(set.reloads.status().failed, 2);
  set.write('log-level: warn');
  await check(set);
  await check(set);
  t.deepEqual(set.reloads.status(), { isLastGood: true, lastGoodAtMs: startedAtMs + 30_000, succeeded: 1, failed: 2 });
});

test('only a reload on demand makes parts reread their own files', async (t) => {
  const set = stage('log-level: info');
  let times = 0;
  set.reloads.onReload({ settings: ['pushToken'], prepare: () => () => {}, reread: async () => void (times += 1) });
  watched(t, set);
  set.write('log-level: warn');
  await check(set);
  t.is(times, 0);
  await set.reloads.reload();
  t.is(times, 1);
});
