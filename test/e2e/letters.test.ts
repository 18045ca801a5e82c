// The built program lists, retries and drops dead letters, with a running and with a stopped bridge.

import test, { type ExecutionContext } from 'ava';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { relay } from '../fakes/relay.ts';
import { type FakeTsd, fakeTsd } from '../fakes/tsd.ts';
import { goldenPush, goldenPuts } from './golden.ts';
import { type Bridge, bridge, commandOutcome, nodesAndState, untilDelivered, untilNodes } from './program.ts';

/** A bridge that writes to an OpenTSDB without metrics, and the commands on the same state directory. */
async function withStrictTsd(t: ExecutionContext) {
  const stateDir = await temporaryDirectory(t);
  let tsd = await fakeTsd(t, { autoCreateMetrics: false });
  const portOf = ({ url }: FakeTsd): number => Number(new URL(url).port);
  const forward = await relay(t, portOf(tsd));
  const common = await nodesAndState(t, stateDir);
  const start = async (): Promise<Bridge> => {
    const one = await bridge(t, ['-t', '127.0.0.1', '-p', String(forward.port), '--no-assign-uids', ...common]);
    await untilNodes(one);
    return one;
  };
  const command = (...args: string[]) => commandOutcome(t, ...args, ...common);
  const json = async (...args: string[]): Promise<Record<string, unknown>[]> =>
    (await command(...args, '--json')).lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  /** Replaces OpenTSDB with one that creates metrics. */
  async function replaceTsd(): Promise<FakeTsd> {
    const previous = tsd;
    tsd = await fakeTsd(t);
    forward.to(portOf(tsd));
    await previous.close();
    return tsd;
  }
  return { stateDir, start, command, json, replaceTsd };
}

const puts = ({ points }: FakeTsd): string[] =>
  points()
    .map(
      ({ metric, timestamp, value, tags }) =>
        `put ${metric} ${timestamp} ${value} ${Object.entries(tags)
          .map((tag) => tag.join('='))
          .join(' ')}`,
    )
    .toSorted();

const dnsPuts = goldenPuts('catchpoint/dns').toSorted();

test('with a running bridge rejected points are listed and retried, arrive unchanged, and the bridge keeps running', async (t) => {
  const { start, command, json, replaceTsd } = await withStrictTsd(t);
  const one = await start();
  t.is(await one.push(goldenPush('dns')), 200);
  t.is(await one.push('garbage'), 400);
  await untilDelivered(one);
  const listed = await json('dead-letters', 'list', '--reason', 'unknown METRIC');
  t.is(listed.length, dnsPuts.length);
  t.like(listed[0], { kind: 'rejected', sink: 'opentsdb', times: 1 });
  const tsd = await replaceTsd();
  const retried = await command('dead-letters', 'retry', '--all');
  t.is(retried.exitCode, 1, 'the malformed sample stays');
  t.true(retried.lines.includes(`${listed.length} tried again, 1 stays`), retried.lines.join('\n'));
  await untilDelivered(one);
  t.deepEqual(puts(tsd), dnsPuts);
  t.deepEqual(
    (await command('dead-letters', 'drop', '--kind', 'malformed')).exitCode,
    64,
    'there is no terminal to confirm on',
  );
  t.deepEqual(await command('dead-letters', 'drop', '--kind', 'malformed', '--yes'), {
    exitCode: 0,
    lines: ['1 dropped'],
  });
  t.deepEqual((await command('dead-letters', 'list')).lines, ['no dead letters']);
  t.is(await one.push(goldenPush('web')), 200);
});

test('with a stopped bridge letters are listed and retried, and the next start sends the points', async (t) => {
  const { start, command, json, replaceTsd, stateDir } = await withStrictTsd(t);
  const first = await start();
  t.is(await first.push(goldenPush('dns')), 200);
  await untilDelivered(first);
  first.child.kill('SIGKILL');
  await first.ended;
  const [letter] = await json('dead-letters', 'list');
  const shown = await command('dead-letters', 'show', String(letter?.['id']));
  t.true(
    shown.lines.some((line) => line.startsWith('{"metric":"catchpoint.')),
    shown.lines.join('\n'),
  );
  const file = join(stateDir, 'letters.ndjson');
  t.is((await command('dead-letters', 'export', file)).exitCode, 0);
  t.is((await readFile(file, 'utf8')).trimEnd().split('\n').length, dnsPuts.length);
  t.is((await command('dead-letters', 'retry', '--kind', 'rejected')).exitCode, 0);
  const status = JSON.parse((await command('spool', 'status', '--json')).lines.join('\n')) as {
    isRunning: boolean;
    sinks: { retrySet: { points: number } }[];
  };
  t.like(status, { isRunning: false });
  t.is(status.sinks[0]?.retrySet.points, dnsPuts.length);
  const tsd = await replaceTsd();
  const second = await start();
  await untilDelivered(second);
  t.deepEqual(puts(tsd), dnsPuts);
});

test('the token in admin.json authenticates requests on the admin listener, and a clean stop removes the file', async (t) => {
  const { start, stateDir } = await withStrictTsd(t);
  const one = await start();
  t.is(await one.push(goldenPush('dns')), 200);
  await untilDelivered(one);
  const path = join(stateDir, 'admin.json');
  t.is((await stat(path)).mode & 0o777, 0o600);
  const { url, token } = JSON.parse(await readFile(path, 'utf8')) as { readonly url: string; readonly token: string };
  t.is(url, one.adminUrl);
  t.is((await fetch(`${url}/admin/dead-letters`)).status, 401);
  const answer = await fetch(`${url}/admin/dead-letters`, {
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
  });
  t.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/x-ndjson']);
  t.is((await answer.text()).trimEnd().split('\n').length, dnsPuts.length);
  t.is(
    (await fetch(`${one.pushUrl}/admin/dead-letters`, { headers: { authorization: `Bearer ${token}` } })).status,
    404,
    'not on the push listener',
  );
  t.false(one.printed.join('\n').includes(token));
  t.is(await one.stop(), 0);
  await t.throwsAsync(stat(path), { code: 'ENOENT' });
});

test('the backlog of an absent OpenTSDB is shown and dropped', async (t) => {
  const { start, command, replaceTsd } = await withStrictTsd(t);
  const tsd = await replaceTsd();
  await tsd.close();
  const one = await start();
  t.is(await one.push(goldenPush('dns')), 200);
  const status = await command('spool', 'status');
  t.true(
    status.lines.some((line) => new RegExp(`^opentsdb +runs +0 of 1 +${dnsPuts.length} `).test(line)),
    status.lines.join('\n'),
  );
  t.regex((await command('spool', 'drop', '--yes')).lines[0] ?? '', new RegExp(`^${dnsPuts.length} points dropped`));
  t.is((await one.status()).sinks[0]?.backlog.points, 0);
});

test('commands report a state directory without a spool, and a bridge that does not answer', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const command = (...args: string[]) => commandOutcome(t, ...args, '--state-dir', stateDir);
  t.deepEqual(await command('dead-letters', 'list'), {
    exitCode: 69,
    lines: [`error: state directory ${stateDir}: there is no spool in it; no bridge has run with it`],
  });
  await mkdir(join(stateDir, 'spool'));
  await writeFile(join(stateDir, 'spool', 'data.mdb'), '');
  const { takeStateDirectory } = await import('../../src/daemon/state-directory-lock.ts');
  const { release } = await takeStateDirectory(stateDir, 4711);
  t.teardown(release);
  t.regex((await command('spool', 'status')).lines[0] ?? '', /a process uses it and has written no admin\.json/);
  await writeFile(join(stateDir, 'admin.json'), '{"url":"http://127.0.0.1:1","token":"x"}');
  const silent = await command('spool', 'status');
  t.is(silent.exitCode, 69);
  t.regex(silent.lines[0] ?? '', /^error: the bridge at http:\/\/127\.0\.0\.1:1 does not answer: /);
});
