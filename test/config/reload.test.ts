// A reload puts into effect what can change, names what cannot, and leaves everything as it is when anything is wrong.

import test, { type ExecutionContext } from 'ava';
import { type ConfigRead, readConfig } from '../../src/config/config.ts';
import { pino } from 'pino';
import { type ReloadablePart, reloading, type Reloading } from '../../src/config/reload.ts';
import { type MovableClock, movableClock } from '../fakes/time.ts';

interface Stage {
  readonly reloads: Reloading;
  readonly clock: MovableClock;
  /** The configuration file, and when the file that holds the key was written last. */
  write(text: string, keyWritten?: string): void;
  /** What stands in the log since it was asked last: level and message, with the names that belong to it. */
  said(): string[];
  /** What was prepared and put into effect, in order. */
  readonly steps: string[];
  part(name: string, settings: ReloadablePart['settings'], refusal?: () => string | undefined): void;
}

const levels: Readonly<Record<number, string>> = { 30: 'info', 40: 'warn', 50: 'error' };

function stage(text: string): Stage {
  const file = { text, keyWritten: 'once' };
  const lines: string[] = [];
  const steps: string[] = [];
  const read = (): ConfigRead => {
    const places = {
      flags: {},
      env: {},
      file: { path: 'f', text: file.text },
      readFile: () => 'hunter2',
      canWriteIn: () => true,
      stampOf: () => file.keyWritten,
    };
    return readConfig(places, { needsNodes: false });
  };
  const clock = movableClock();
  const reloads = reloading({
    read,
    running: read(),
    clock,
    log: pino({ base: null }, { write: (line) => void lines.push(line) }),
  });
  return {
    reloads,
    clock,
    steps,
    write: (next, keyWritten = file.keyWritten) => void Object.assign(file, { text: next, keyWritten }),
    said: () =>
      lines.splice(0).map((line) => {
        const { level, msg, changed, settings, faults } = JSON.parse(line) as Record<
          string,
          string[] | string | number
        >;
        return [
          levels[level as number],
          msg,
          ...[changed, settings, faults].flat().filter((each) => each !== undefined),
        ].join(' ');
      }),
    part: (name, settings, refusal = () => undefined) =>
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

/** Lets the watch look once. */
async function look({ clock }: Stage): Promise<void> {
  await clock.untilSomebodySleeps();
  await clock.advance(10_000);
  await clock.untilSomebodySleeps();
}

function watched(t: ExecutionContext, { reloads }: Stage): void {
  const stop = new AbortController();
  const watching = reloads.watch(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await watching;
  });
}

test('each part is given what has changed for it, all of them prepared before any is changed', async (t) => {
  const set = stage('log-level: info');
  set.part('log', ['logLevel']);
  set.part('other', ['slices']);
  set.part('nodes', ['refreshHours', 'key']);
  set.write('log-level: debug\nrefresh-hours: 12');
  t.deepEqual(await set.reloads.reload(), { changed: ['refresh-hours', 'log-level'], needRestart: [] });
  t.deepEqual(set.steps, ['prepare log', 'prepare nodes', 'log debug 12', 'nodes debug 12']);
  t.deepEqual(set.said(), ['info configuration reloaded refresh-hours log-level']);
  t.deepEqual(await set.reloads.reload(), { changed: [], needRestart: [] });
  t.deepEqual(set.said(), ['info configuration read again: nothing has changed']);
});

test('what no part can change is named each time, until it is as it was', async (t) => {
  const set = stage('');
  set.part('log', ['logLevel']);
  set.write('listen: 9090\nlog-level: warn');
  t.deepEqual(await set.reloads.reload(), { changed: ['log-level'], needRestart: ['listen'] });
  t.deepEqual(await set.reloads.reload(), { changed: [], needRestart: ['listen'] });
  set.write('log-level: warn');
  t.deepEqual(await set.reloads.reload(), { changed: [], needRestart: [] });
  const restart = 'warn settings have changed that need a restart; until then the former values hold listen';
  t.deepEqual(set.said(), [
    'info configuration reloaded log-level',
    restart,
    restart,
    'info configuration read again: nothing has changed',
  ]);
});

test('a fault of the file changes nothing and is told with its line', async (t) => {
  const set = stage('');
  set.part('log', ['logLevel']);
  set.write('log-level: debug\nlisen: 80');
  await t.throwsAsync(set.reloads.reload(), {
    name: 'ReloadRefused',
    message: 'f:2: lisen: no such setting; did you mean listen?',
  });
  t.deepEqual(set.steps, []);
  t.deepEqual(set.said(), [`${notUsed} f:2: lisen: no such setting; did you mean listen?`]);
  set.write('log-level: debug');
  t.deepEqual((await set.reloads.reload()).changed, ['log-level']);
});

test('a part that cannot take its change keeps every other from changing', async (t) => {
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

test('a change of the file is seen within ten seconds, and told once', async (t) => {
  const set = stage('');
  set.part('log', ['logLevel']);
  watched(t, set);
  await look(set);
  t.deepEqual(set.said(), []);
  set.write('log-level: warn\nlisten: 1');
  await look(set);
  await look(set);
  t.deepEqual(set.steps, ['prepare log', 'log warn 24']);
  t.is(set.said().length, 2);
});

test('a file that a setting names is watched as well', async (t) => {
  const set = stage('key-file: /k\nsecret: s');
  set.part('nodes', ['key', 'keyFile']);
  watched(t, set);
  set.write('key-file: /k\nsecret: s', 'anew');
  await look(set);
  t.deepEqual(set.said(), ['info configuration reloaded key-file']);
});

test('a fault that stays is told once while it is watched, and what comes after it is taken', async (t) => {
  const set = stage('');
  set.part('log', ['logLevel']);
  watched(t, set);
  set.write('log-level: loud');
  await look(set);
  await look(set);
  t.is(set.said().length, 1);
  set.write('log-level: louder');
  await look(set);
  t.regex(set.said().join(), /found "louder"$/);
  set.write('');
  await look(set);
  t.deepEqual(set.said(), ['info configuration read again: nothing has changed']);
});

test('no log line holds a secret', async (t) => {
  const set = stage('key: hunter2\nsecret: hunter3');
  set.part('nodes', ['key', 'secret']);
  set.write('key: hunter4\nsecret: "hunter5\\nhunter6"');
  await t.throwsAsync(set.reloads.reload());
  set.write('key: hunter4\nsecret: hunter7');
  await set.reloads.reload();
  t.notRegex(set.said().join('\n'), /hunter/);
});

test('what came of the last reading is told; a file that stays wrong counts once', async (t) => {
  const set = stage('log-level: info');
  set.part('log', ['logLevel']);
  const startedAtMs = set.clock.now();
  t.deepEqual(set.reloads.status(), { isLastGood: true, lastGoodAtMs: startedAtMs, succeeded: 0, failed: 0 });
  watched(t, set);
  set.write('log-level: loud');
  await look(set);
  await look(set);
  t.deepEqual(set.reloads.status(), { isLastGood: false, lastGoodAtMs: startedAtMs, succeeded: 0, failed: 1 });
  await t.throwsAsync(set.reloads.reload());
  t.is(set.reloads.status().failed, 2);
  set.write('log-level: warn');
  await look(set);
  await look(set);
  t.deepEqual(set.reloads.status(), { isLastGood: true, lastGoodAtMs: startedAtMs + 30_000, succeeded: 1, failed: 2 });
});

test('files that a part looks after itself are read by a reload that was asked for, and by no other', async (t) => {
  const set = stage('log-level: info');
  let times = 0;
  set.reloads.onReload({ settings: ['pushToken'], prepare: () => () => {}, reread: async () => void (times += 1) });
  watched(t, set);
  set.write('log-level: warn');
  await look(set);
  t.is(times, 0);
  await set.reloads.reload();
  t.is(times, 1);
});
