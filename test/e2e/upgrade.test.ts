// The built program with a legacy store: drained over any number of kills, and then removed.

import test from 'ava';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fakeTsd } from '../fakes/tsd.ts';
import { bytesOf, contentsOf, directoryWith, filledStore, recordsOfThree } from '../spool/legacy/legacy-stores.ts';
import { golden } from './golden.ts';
import {
  bridge,
  type BridgeStatus,
  commandOutcome,
  nodesAndState,
  program,
  unreachableTsdb,
  untilStatus,
} from './program.ts';

const sample = golden('catchpoint/ns1-sample.json');

interface UpgradedStatus extends BridgeStatus {
  readonly restoring: boolean;
  readonly deadLetters: number;
  readonly lost: Readonly<Record<string, number>>;
}

const letter = (number: number) => ({
  kind: 'rejected',
  reason: 'unknown metric',
  raw: `{"number":${number}}`,
  sink: 'opentsdb',
  firstAtMs: 1794994452000,
  lastAtMs: 1794994452000,
  times: 1,
});

test.serial(
  'after two kills during the drain every point arrives, letters count once, and the file is removed',
  async (t) => {
    const records = 6000;
    const directory = await filledStore(t, {
      records: recordsOfThree(1, records),
      positions: { opentsdb: { through: 0, finished: [], points: 0, bytes: 0 } },
      letters: { '100dfcbe135bf726b3e7': letter(1), '41d5f71fecfe8d8657b2': letter(2) },
    });
    const stateDir = dirname(directory);
    t.true(
      (await commandOutcome(t, 'spool', 'verify', '--state-dir', stateDir)).lines.some((line) =>
        line.includes('waits to be drained'),
      ),
    );
    const tsd = await fakeTsd(t);
    const args = ['-t', tsd.url, ...(await nodesAndState(t, stateDir))];
    for (let kill = 1; kill <= 2; kill += 1) {
      const one = await bridge(t, args);
      await tsd.untilRequests(kill * 4);
      one.child.kill('SIGKILL');
      await one.ended;
      t.true(existsSync(join(directory, 'data.mdb')));
    }
    const last = await bridge(t, args);
    t.is(await last.push(sample), 200);
    const status = await untilStatus<UpgradedStatus>(
      last,
      ({ restoring, sinks }) => !restoring && sinks[0]?.backlog.points === 0,
    );
    t.like(status, { deadLetters: 2, lost: { records: 0, points: 0, uncounted: 0 } });
    const series = new Set(tsd.points().map(({ metric, timestamp, value }) => `${metric} ${timestamp} ${value}`));
    const expected = [...recordsOfThree(1, records)].flatMap(([sequence]) =>
      ['node', 'asn', 'city'].map(
        (slice) => `catchpoint.rtt.by_${slice}.204417 ${1794994452 + sequence} ${sequence}.5`,
      ),
    );
    t.deepEqual(
      expected.filter((point) => !series.has(point)),
      [],
    );
    t.deepEqual(
      readdirSync(directory).filter((name) => /mdb/.test(name)),
      [],
    );
    const letters = await commandOutcome(t, 'dead-letters', 'list', '--json', '--state-dir', stateDir);
    t.deepEqual(
      letters.lines.map((line) => (JSON.parse(line) as { readonly times: number }).times),
      [1, 1],
    );
  },
);

test.serial('after two kills during the carry-over each letter exists once', async (t) => {
  const ids = Array.from({ length: 8000 }, (_, number) =>
    createHash('sha1').update(String(number)).digest('hex').slice(0, 20),
  );
  const directory = await filledStore(t, {
    records: recordsOfThree(1, 10),
    letters: Object.fromEntries(ids.map((id, number) => [id, letter(number)])),
  });
  const listeners = ['-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--log-format', 'json'];
  const args = [...unreachableTsdb, ...(await nodesAndState(t, dirname(directory))), ...listeners];
  for (let kill = 1; kill <= 2; kill += 1) {
    const one = program(t, args);
    await one.line((line) => line.includes('is attached'));
    one.child.kill('SIGKILL');
    await one.ended;
    t.false(one.printed.some((line) => line.includes('"msg":"ready"')));
  }
  const letters = await commandOutcome(t, 'dead-letters', 'list', '--json', '--state-dir', dirname(directory));
  const listed = letters.lines.map((line) => JSON.parse(line) as { readonly id: string; readonly times: number });
  t.deepEqual(listed.map(({ id }) => id).toSorted(), ids.toSorted());
  t.true(listed.every(({ times }) => times === 1));
});

test.serial(
  'a store that crashes its reader process is set aside, counted and logged, and pushes are accepted',
  async (t) => {
    const directory = await directoryWith(t, bytesOf('full'));
    truncateSync(join(directory, 'data.mdb'), 12_288);
    const one = await bridge(t, [...unreachableTsdb, ...(await nodesAndState(t, dirname(directory)))]);
    t.is(await one.push(sample), 200);
    t.like(await one.status(), { restoring: false, lost: { uncounted: 1 } });
    t.deepEqual(
      readdirSync(directory)
        .filter((name) => name.startsWith('data'))
        .map((name) => name.slice(0, 17)),
      ['data.mdb.damaged-'],
    );
    t.true(one.printed.some((line) => line.includes('it is set aside')));
  },
);

test.serial('commands work on a legacy store before the first start of the bridge', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const stateDir = dirname(directory);
  const status = await commandOutcome(t, 'spool', 'status', '--json', '--state-dir', stateDir);
  t.deepEqual(
    (JSON.parse(status.lines.join('')) as { readonly sinks: readonly { readonly name: string }[] }).sinks.map(
      ({ name }) => name,
    ),
    ['carbon', 'old', 'tsdb'],
  );
  const letters = await commandOutcome(t, 'dead-letters', 'list', '--json', '--state-dir', stateDir);
  t.is(letters.lines.length, contentsOf('full').letters.length + contentsOf('full').samples.length);
  t.true(existsSync(join(directory, 'data.mdb')));
});
