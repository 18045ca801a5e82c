import test from 'ava';
import { connection } from '../../../src/sources/docker/connection.ts';
import { EngineError, type EngineInfo } from '../../../src/sources/docker/engine/engine.ts';
import { engineInfo as info } from './engine-info.ts';
import { readLog } from '../../fakes/log.ts';
import { movableClock } from '../../fakes/time.ts';

const { signal } = new AbortController();

function opened(connect: () => Promise<EngineInfo> = async () => info) {
  const clock = movableClock();
  const log = readLog('info');
  let connects = 0;
  const link = connection({
    engine: { address: 'unix:///run/docker.sock', connect: () => ((connects += 1), connect()) },
    clock,
    log: log.log,
  });
  return { clock, link, messages: () => log.lines().map(({ msg }) => msg), connects: () => connects };
}

test('connects once for callers at the same time and later ones', async (t) => {
  const { link, connects } = opened();
  t.deepEqual(await Promise.all([link.open(signal), link.open(signal)]), [info, info]);
  await link.open(signal);
  t.is(connects(), 1);
});

test('connects again after a failure, with or without an answer, and when it is told to', async (t) => {
  const { link, connects } = opened();
  await link.open(signal);
  link.failed(new EngineError('400: client version 1.41 is too old', { status: 400 }));
  await link.open(signal);
  t.is(connects(), 2);
  link.failed(new EngineError('connect ECONNREFUSED'));
  await link.open(signal);
  t.is(connects(), 3);
  link.lost();
  await link.open(signal);
  await link.open(signal);
  t.is(connects(), 4);
});

test('an engine that is replaced by another one is logged, and the same one once', async (t) => {
  const engines = [info, { ...info }, { ...info, version: '29.0.1' }];
  const { link, messages } = opened(async () => engines.shift() ?? info);
  for (const expected of [1, 1, 2]) {
    await link.open(signal);
    link.succeeded();
    t.is(messages().length, expected);
    link.lost();
  }
});

test('logs an outage and its end once, and tells since when it lasts', async (t) => {
  const { link, clock, messages } = opened();
  await link.open(signal);
  link.succeeded();
  link.succeeded();
  const sinceMs = clock.now();
  for (const reason of ['connect ECONNREFUSED', 'no answer', 'connect ECONNREFUSED']) {
    link.failed(new EngineError(reason));
    await clock.advance(1000);
  }
  t.deepEqual(link.status(), { engine: info, lastError: 'connect ECONNREFUSED', failingSinceMs: sinceMs });
  link.succeeded();
  link.succeeded();
  t.deepEqual(link.status(), { engine: info, lastError: undefined, failingSinceMs: undefined });
  t.deepEqual(messages(), [
    'the Docker engine answers',
    'the Docker engine does not answer; no container is sampled',
    'the Docker engine answers',
  ]);
});

test('a failed connect is an error for its callers, and the next call tries again', async (t) => {
  let isAway = true;
  const { link } = opened(async () => {
    if (isAway) throw new EngineError('away');
    return info;
  });
  await t.throwsAsync(link.open(signal), { message: 'away' });
  isAway = false;
  t.is(await link.open(signal), info);
});
