// `top`: the text of the screen, and the output of a running bridge.

import test from 'ava';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/runtime/clock.ts';
import { screen } from '../../../src/cli/top/screen.ts';
import { top, withMessage } from '../../../src/cli/top/top.ts';
import type { StatusMessage } from '../../../src/status/messages.ts';
import { openBridge } from '../../status/browser.ts';
import { capturedOutput } from '../context.ts';

const now: StatusMessage = {
  atMs: Date.UTC(2026, 10, 21, 5),
  startedAtMs: Date.UTC(2026, 10, 21, 4, 50),
  version: '1.2.3',
  pushesPerS: 100,
  pointsPerS: 1400,
  notTakenPerS: 0,
  answerP50Ms: 4.2,
  answerP99Ms: 20,
  pushes: { taken: 9 },
  spool: { waitingBytes: 1, maxBytes: 2 },
  nodes: { known: 300 },
  parked: 3,
  lost: 0,
  letters: { rejected: 2 },
  hasMoreLetters: false,
  takesPushes: true,
  newLetters: 0,
  problems: {
    alarms: ['lost, ever: 3 points'],
    warnings: ['the node directory is stale: 3 days old'],
  },
  sources: [
    {
      name: 'backstop',
      pointsPerS: 4,
      points: 9,
      deliveries: 3,
      duplicates: 0,
      failures: 0,
      counts: { accepted: 9, notAllowed: 2 },
    },
    {
      name: 'docker',
      pointsPerS: 7,
      points: 9,
      deliveries: 3,
      duplicates: 0,
      failures: 0,
      counts: { samples: 12 },
      detail: 'Docker 20.10.24, API 1.41; 12 containers',
    },
  ],
  sinks: [
    {
      name: 'opentsdb',
      isRequired: false,
      skipped: 12,
      annotationsSkipped: 5,
      acceptedPerS: 1390,
      accepted: 1,
      rejected: 2,
      kept: 0,
      inFlight: 1,
      backlogPoints: 70,
      backlogBytes: 9,
      backlogAgeMs: 4e3,
      lastError: 'closed',
    },
  ],
  recent: [
    {
      nth: 1,
      atMs: Date.UTC(2026, 10, 21, 5),
      outcome: 'taken',
      points: 14,
      testId: 1,
      testName: 'a \x1B[31mtest',
      nodeId: 2,
      nodeName: 'Kraków, PL',
      rttMs: 21,
    },
  ],
};
const empty = { url: 'http://127.0.0.1:8081', now: undefined, slots: [], recent: [], problem: undefined };

test('the screen shows rates, charts, sinks and pushes, without control characters', (t) => {
  const slots = [
    [0, 50, 700, 0, 1, 2, 0, 0, 0],
    [5, 100, 1400, 0, 1, 2, 70, 4, 0],
  ] as const;
  const lines = screen(withMessage(withMessage(empty, { hour: slots }), { now }), { columns: 160, rows: 30 });
  const text = lines.join('\n');
  t.regex(text, /pushes\/s +100 .*answers p50 4\.2 ms, p99 20 ms/);
  t.regex(text, /points\/s +1,400 +parked 3 +dead letters 2 \(2 rejected\)/);
  t.regex(text, /pushes\/s +▅█ +to 100/);
  t.regex(text, /05:00:00  taken +14 +21 ms +Kraków, PL +a \?\[31mtest/);
  t.regex(text, /^!! lost, ever: 3 points\n! the node directory is stale: 3 days old$/m);
  t.regex(text, /optional, missed 12 +annotations left out 5 +TAKES NOTHING$/m);
  t.regex(text, /^from backstop +4 points\/s +accepted 9 +notAllowed 2$/m);
  t.regex(text, /^from docker +7 points\/s +samples 12\n {13}Docker 20\.10\.24, API 1\.41; 12 containers$/m);
  t.notRegex(text, /\u001B/);
});

test('problems are wrapped to the width of the terminal', (t) => {
  const why =
    'opentsdb has taken nothing for 5 min (http://tsdb.example:4242 refuses: the disk of the region server is full); 70 points wait';
  const lines = screen(withMessage(empty, { now: { ...now, problems: { alarms: [], warnings: [why] } } }), {
    columns: 40,
    rows: 30,
  });
  const unwrapped = lines
    .slice(1, lines.indexOf(''))
    .map((line) => line.slice(2))
    .join(' ');
  t.is(unwrapped, why);
});

test('the screen fits the terminal', (t) => {
  const lines = screen(withMessage(empty, { now }), { columns: 40, rows: 8 });
  t.is(lines.length, 8);
  t.true(lines.every((line) => Array.from(line).length <= 40));
});

test('without a terminal top writes a line a second', async (t) => {
  const { daemon, push } = await openBridge(t);
  await push({ node: 11, rttMs: 20 });
  const [stdout, end] = [capturedOutput(), new AbortController()];
  const ended = top(daemon.adminUrl, { stdout, clock: systemClock(), stop: end.signal });
  await stdout.until(/\n/);
  end.abort();
  t.is(await ended, 0);
  t.regex(
    stdout.text(),
    /^\d{4}-\d\d-\d\dT[\d:.]+Z .* pushes\/s .* points\/s .* opentsdb \d+ waiting .* dead letters 0\n/,
  );
});

test('on a terminal top uses the alternate screen, and leaves it at the end', async (t) => {
  const { daemon, push } = await openBridge(t);
  const [stdout, end] = [capturedOutput({ isTTY: true, columns: 100 }), new AbortController()];
  const ended = top(daemon.adminUrl, { stdout, clock: systemClock(), stop: end.signal });
  await push({ node: 13, rttMs: 180 });
  await stdout.until(/Tokyo, JP - NTT/);
  end.abort();
  t.is(await ended, 0);
  t.true(stdout.text().startsWith('\u001B[?1049h'));
  t.true(stdout.text().endsWith('\u001B[?1049l'));
});

test('top reports that the bridge does not answer, retries, and ends with 69', async (t) => {
  const [stdout, end] = [capturedOutput(), new AbortController()];
  const ended = top('http://127.0.0.1:1', { stdout, clock: systemClock(), stop: end.signal });
  await stdout.until(/the bridge at http:\/\/127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/);
  end.abort();
  t.is(await ended, 69);
});

test('top names a bridge of another version, and ends with 69', async (t) => {
  const server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: now\ndata: {"atMs":1}\n\n'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [stdout, end] = [capturedOutput(), new AbortController()];
  const ended = top(url, { stdout, clock: systemClock(), stop: end.signal });
  await stdout.until(/its events are of another version than this command/);
  end.abort();
  t.is(await ended, 69);
});
