// The built program from outside: what OpenTSDB refused and what was no push is listed, tried again and dropped, with the bridge
// running and with it stopped.

import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { relay } from '../fakes/relay.ts';
import { type FakeTsd, fakeTsd } from '../fakes/tsd.ts';
import { type Bridge, bridge, program, untilStatus } from './program.ts';

const golden = new URL('../../../test/golden/', import.meta.url).pathname;
const push = (name: string): Buffer => readFileSync(join(golden, 'catchpoint', `${name}.json`));

interface Outcome {
  readonly exitCode: unknown;
  readonly lines: readonly string[];
}

/** A bridge before an OpenTSDB that knows no metric and is given none, and the commands on the same state directory. */
async function beforeStrictTsd(t: ExecutionContext) {
  const stateDir = await temporaryDirectory(t);
  let tsd = await fakeTsd(t, { autoCreateMetrics: false });
  const portOf = ({ url }: FakeTsd): number => Number(new URL(url).port);
  const door = await relay(t, portOf(tsd));
  const common = ['--state-dir', stateDir, '--nodes-file', join(golden, 'nodes', 'v1.json')];
  const start = async (): Promise<Bridge> => {
    const one = await bridge(t, ['-t', '127.0.0.1', '-p', String(door.port), '--no-assign-uids', ...common]);
    await untilStatus(one, ({ nodes }) => nodes.known > 0);
    return one;
  };
  async function command(...args: string[]): Promise<Outcome> {
    const one = program(t, [...args, ...common]);
    return { exitCode: await one.ended, lines: one.printed };
  }
  const json = async (...args: string[]): Promise<Record<string, unknown>[]> =>
    (await command(...args, '--json')).lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  /** From now on OpenTSDB makes the metrics that it is given. */
  async function learns(): Promise<FakeTsd> {
    const former = tsd;
    tsd = await fakeTsd(t);
    door.to(portOf(tsd));
    await former.close();
    return tsd;
  }
  return { stateDir, start, command, json, learns };
}

const rejectedAll = ({
  sinks,
}: {
  readonly sinks: readonly { readonly rejected: number; readonly backlog: { readonly points: number } }[];
}): boolean => sinks[0]?.backlog.points === 0;

const puts = ({ points }: FakeTsd): string[] =>
  points()
    .map(
      ({ metric, timestamp, value, tags }) =>
        `put ${metric} ${timestamp} ${value} ${Object.entries(tags)
          .map((tag) => tag.join('='))
          .join(' ')}`,
    )
    .toSorted();

const goldenPuts = (name: string): string[] =>
  readFileSync(join(golden, 'catchpoint', `${name}.points`), 'utf8')
    .trim()
    .split('\n')
    .toSorted();

test('while the bridge runs: points that were refused are listed, tried again, and arrive as they were; it keeps running', async (t) => {
  const { start, command, json, learns } = await beforeStrictTsd(t);
  const one = await start();
  t.is(await one.push(push('dns')), 200);
  t.is(await one.push('garbage'), 400);
  await untilStatus(one, rejectedAll);
  const listed = await json('dead-letters', 'list', '--reason', 'unknown METRIC');
  t.is(listed.length, goldenPuts('dns').length);
  t.like(listed[0], { kind: 'rejected', sink: 'opentsdb', times: 1 });
  const tsd = await learns();
  const retried = await command('dead-letters', 'retry', '--all');
  t.is(retried.exitCode, 1, 'the malformed one stays');
  t.true(retried.lines.includes(`${listed.length} tried again, 1 stays`), retried.lines.join('\n'));
  await untilStatus(one, rejectedAll);
  t.deepEqual(puts(tsd), goldenPuts('dns'));
  t.deepEqual((await command('dead-letters', 'drop', '--kind', 'malformed')).exitCode, 64, 'nobody can be asked');
  t.deepEqual(await command('dead-letters', 'drop', '--kind', 'malformed', '--yes'), {
    exitCode: 0,
    lines: ['1 dropped'],
  });
  t.deepEqual((await command('dead-letters', 'list')).lines, ['no dead letters']);
  t.is(await one.push(push('web')), 200);
});

test('while the bridge is stopped: the same, from the store; what went back is sent at the next start', async (t) => {
  const { start, command, json, learns, stateDir } = await beforeStrictTsd(t);
  const first = await start();
  t.is(await first.push(push('dns')), 200);
  await untilStatus(first, rejectedAll);
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
  t.is((await readFile(file, 'utf8')).trimEnd().split('\n').length, goldenPuts('dns').length);
  t.is((await command('dead-letters', 'retry', '--kind', 'rejected')).exitCode, 0);
  const status = JSON.parse((await command('spool', 'status', '--json')).lines.join('\n')) as {
    isRunning: boolean;
    sinks: { retrySet: { points: number } }[];
  };
  t.like(status, { isRunning: false });
  t.is(status.sinks[0]?.retrySet.points, goldenPuts('dns').length);
  const tsd = await learns();
  const second = await start();
  await untilStatus(second, rejectedAll);
  t.deepEqual(puts(tsd), goldenPuts('dns'));
});

test('with curl: the token out of admin.json opens the second listener, and at a clean stop the file is gone', async (t) => {
  const { start, stateDir } = await beforeStrictTsd(t);
  const one = await start();
  t.is(await one.push(push('dns')), 200);
  await untilStatus(one, rejectedAll);
  const path = join(stateDir, 'admin.json');
  t.is((await stat(path)).mode & 0o777, 0o600);
  const { url, token } = JSON.parse(await readFile(path, 'utf8')) as { readonly url: string; readonly token: string };
  t.is(url, one.adminUrl);
  t.is((await fetch(`${url}/admin/dead-letters`)).status, 401);
  const answer = await fetch(`${url}/admin/dead-letters`, {
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
  });
  t.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/x-ndjson']);
  t.is((await answer.text()).trimEnd().split('\n').length, goldenPuts('dns').length);
  t.is(
    (await fetch(`${one.pushUrl}/admin/dead-letters`, { headers: { authorization: `Bearer ${token}` } })).status,
    404,
    'not where pushes arrive',
  );
  t.false(one.printed.join('\n').includes(token));
  one.child.kill('SIGTERM');
  t.is(await one.ended, 0);
  await t.throwsAsync(stat(path), { code: 'ENOENT' });
});

test('what waits for an OpenTSDB that is away is shown and dropped', async (t) => {
  const { start, command, learns } = await beforeStrictTsd(t);
  const tsd = await learns();
  await tsd.close();
  const one = await start();
  t.is(await one.push(push('dns')), 200);
  const status = await command('spool', 'status');
  t.true(
    status.lines.some((line) => new RegExp(`^opentsdb +runs +0 of 1 +${goldenPuts('dns').length} `).test(line)),
    status.lines.join('\n'),
  );
  t.regex(
    (await command('spool', 'drop', '--yes')).lines[0] ?? '',
    new RegExp(`^${goldenPuts('dns').length} points dropped`),
  );
  t.is((await one.status()).sinks[0]?.backlog.points, 0);
});

test('where no bridge has run there is nothing to look at, and where one does not answer that is said', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const command = async (...args: string[]): Promise<Outcome> => {
    const one = program(t, [...args, '--state-dir', stateDir]);
    return { exitCode: await one.ended, lines: one.printed };
  };
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
