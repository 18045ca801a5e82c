// `replay` delivers the runs that its filter accepts, and counts every line.

import test, { type ExecutionContext } from 'ava';
import { IANAZone } from 'luxon';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CommandError } from '../../../src/cli/exit-codes.ts';
import type { Destination, Outcome } from '../../../src/cli/replay/destination.ts';
import { replay, type ReplayOptions } from '../../../src/cli/replay/replay.ts';
import { archivedLine } from '../../../src/sources/catchpoint/archive/archive.ts';
import { sealed } from '../../../src/sources/catchpoint/archive/gzip-members.ts';
import type { ReplayedRun } from '../../../src/sources/catchpoint/replay/replayed-run.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { movableClock } from '../../fakes/time.ts';
import { capturedOutput, golden } from '../context.ts';

const startMs = Date.UTC(2026, 10, 18, 10);
const everything = { sinceMs: undefined, untilMs: undefined, tests: undefined, nodes: undefined };

/** A push of a run at 09:00 and so many minutes. */
function push(testId: number, minute = 0, nodeId = 312): Buffer {
  const time = `2026111809${String(minute).padStart(2, '0')}00000`;
  return Buffer.from(
    JSON.stringify({ TestId: testId, NodeId: nodeId, Summary: { Timestamp: time, Timing: { Total: 1 } } }),
  );
}

async function archiveOf(t: ExecutionContext, pushes: readonly Buffer[]): Promise<string> {
  const path = join(await temporaryDirectory(t), 'a.ndjson.gz');
  await writeFile(
    path,
    await sealed(Buffer.concat(pushes.map((body) => archivedLine(body, '2026-11-18T09:59:00.000Z')))),
  );
  return path;
}

interface Replayed {
  readonly exitCode: number | undefined;
  readonly error: (Error & { exitCode?: number }) | undefined;
  readonly runs: ReplayedRun[];
  readonly out: string;
  readonly err: string;
}

type Given = Partial<Omit<ReplayOptions, 'open'>> &
  Partial<Destination> & { readonly became?: (run: ReplayedRun) => Outcome };

async function replayed(files: readonly string[], { became = () => 'taken', ...given }: Given = {}): Promise<Replayed> {
  const clock = movableClock(startMs);
  const runs: ReplayedRun[] = [];
  const [stdout, stderr] = [capturedOutput(), capturedOutput()];
  const destination: Destination = {
    description: 'a test',
    maxInFlight: 3,
    defaultRate: undefined,
    acceptsJoined: true,
    async deliver(run) {
      const outcome = became(run);
      runs.push(run);
      return outcome;
    },
    async close() {},
    ...given,
  };
  const running = replay({
    files,
    filter: everything,
    rate: undefined,
    writtenIn: undefined,
    extras: false,
    clock,
    stdin: () => Readable.from([]),
    stdout,
    stderr,
    signal: new AbortController().signal,
    ...given,
    open: async () => destination,
  });
  const outcome = await untilSettled(clock, running, 50).then(
    (exitCode) => ({ exitCode, error: undefined }),
    (error: Error) => ({ exitCode: undefined, error }),
  );
  return { ...outcome, runs, out: stdout.text(), err: stderr.text() };
}

const testIds = ({ runs }: Replayed): number[] =>
  runs.map(({ measurement }) => measurement.testId).toSorted((a, b) => a - b);
const rows = ({ out }: Replayed): Record<string, number> =>
  Object.fromEntries(
    out
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .map(([name, value]) => [name as string, Number(value?.replace(',', ''))]),
  );

test('every push of an archive is delivered unchanged and counted in the summary', async (t) => {
  const pushes = [push(1), push(2), push(3), push(4), push(5)];
  const done = await replayed([await archiveOf(t, pushes)]);
  t.is(done.exitCode, 0);
  t.deepEqual(done.runs.map(({ body }) => body.toString()).toSorted(), pushes.map(String).toSorted());
  t.is(
    done.out,
    'read                 5\nreplayed             5\nduplicate            0\nmalformed            0\nskipped              0\n',
  );
  t.is(done.err, 'replaying into a test\n');
});

test('the filter accepts runs by time, test and node; `untilMs` is exclusive', async (t) => {
  const pushes = Array.from({ length: 20 }, (_, minute) => push((minute % 4) + 1, minute, (minute % 5) + 1));
  const file = await archiveOf(t, pushes);
  const at = (minute: number): number => Date.UTC(2026, 10, 18, 9, minute);
  const accepted = async (filter: Partial<ReplayOptions['filter']>): Promise<number> => {
    const done = await replayed([file], { filter: { ...everything, ...filter } });
    t.is(rows(done)['skipped'], 20 - done.runs.length);
    return done.runs.length;
  };
  t.is(await accepted({ sinceMs: at(5) }), 15);
  t.is(await accepted({ untilMs: at(5) }), 5);
  t.is(await accepted({ sinceMs: at(5), untilMs: at(7) }), 2);
  t.is(await accepted({ tests: new Set([1, 2]) }), 10);
  t.is(await accepted({ nodes: new Set([3]) }), 4);
  t.is(await accepted({ tests: new Set([1]), nodes: new Set([1]), sinceMs: at(1) }), 0);
});

test('duplicates, conflicts and refused bodies are counted apart; each malformed line is reported', async (t) => {
  const file = join(await temporaryDirectory(t), 'pushes.ndjson');
  await writeFile(file, `${[1, 2, 3, 4].map((id) => push(id).toString()).join('\n')}\n\n{"TestId":5}\n`);
  const outcomes: readonly Outcome[] = ['taken', 'duplicate', 'conflict', { malformed: 'too large' }];
  const done = await replayed([file], { became: ({ measurement }) => outcomes[measurement.testId - 1] as Outcome });
  t.is(done.exitCode, 65);
  t.deepEqual(rows(done), { read: 5, replayed: 2, duplicate: 1, malformed: 2, skipped: 0, conflict: 1 });
  t.true(done.err.includes(`warning: ${file}:4: too large\n`));
  t.true(done.err.includes(`warning: ${file}:6: NodeId: expected an integer from 1 to 2^53-1, found nothing\n`));
});

test('the first ten malformed lines are reported', async (t) => {
  const file = join(await temporaryDirectory(t), 'pushes.ndjson');
  await writeFile(file, 'x\n'.repeat(30));
  const done = await replayed([file]);
  t.is(rows(done)['malformed'], 30);
  t.is(done.err.match(/not JSON/g)?.length, 10);
  t.true(done.err.includes('further malformed lines are only counted'));
});

test('a truncated archive is replayed up to its end, and reported', async (t) => {
  const file = await archiveOf(
    t,
    Array.from({ length: 200 }, (_, index) => push(index + 1, index % 60, index * 7919 + 1)),
  );
  const { length } = await readFile(file);
  await truncate(file, Math.floor(length / 2));
  const done = await replayed([file]);
  t.is(done.exitCode, 65);
  t.true(done.runs.length > 20 && done.runs.length < 200);
  t.regex(done.err, /warning: .*a\.ndjson\.gz: \d+ bytes at 0: ends too early; \d+ lines of it are used/);
  t.regex(done.out, /^damaged +1 +stretches that could not be read$/m);
});

test('the file - is standard input', async (t) => {
  const stdin = (): Readable =>
    Readable.from([Buffer.from(`${push(1).toString()}\n${push(2).toString()}`)], { objectMode: false });
  t.deepEqual(testIds(await replayed(['-'], { stdin })), [1, 2]);
});

test('a missing file ends the replay before a run is delivered', async (t) => {
  const done = await replayed([await archiveOf(t, [push(1)]), '/nowhere/a.gz']);
  t.deepEqual([done.error?.exitCode, done.runs.length, done.out], [66, 0, '']);
  t.regex(done.error?.message ?? '', /^\/nowhere\/a\.gz: cannot be read \(ENOENT/);
});

test('records of the original bridge need a zone, which is checked before a run is delivered', async (t) => {
  const done = await replayed([await archiveOf(t, [push(1)]), `${golden}replay/utc.ndjson`]);
  t.deepEqual([done.error?.name, done.runs.length], ['ZoneMissing', 0]);
});

test('records of the original bridge need a destination for joined runs, and doubtful hours are reported', async (t) => {
  const writtenIn = IANAZone.create('America/New_York');
  const done = await replayed([`${golden}replay/new-york.ndjson`], { writtenIn });
  t.is(done.exitCode, 0);
  t.is(done.runs.length, 13);
  t.regex(done.out, /^doubtful +2 +beside a clock change, perhaps off by it: 2019-03-10T01h, 2019-03-10T03h UTC$/m);
  const refused = await replayed([`${golden}replay/new-york.ndjson`], { writtenIn, acceptsJoined: false });
  t.is(refused.error?.exitCode, 69);
  t.is(refused.runs.length, 0);
});

test('an error of the destination ends the replay, with a summary', async (t) => {
  const file = await archiveOf(
    t,
    Array.from({ length: 50 }, (_, index) => push(index + 1)),
  );
  const done = await replayed([file], {
    became({ measurement }) {
      if (measurement.testId >= 10) throw new CommandError('spool: full', 75);
      return 'taken';
    },
  });
  t.deepEqual([done.error?.message, done.error?.exitCode], ['spool: full', 75]);
  t.is(rows(done)['replayed'], 9);
});

test('the signal stops the replay between two runs', async (t) => {
  const stop = new AbortController();
  const file = await archiveOf(
    t,
    Array.from({ length: 50 }, (_, index) => push(index + 1)),
  );
  const done = await replayed([file], {
    signal: stop.signal,
    became({ measurement }) {
      if (measurement.testId === 10) stop.abort();
      return 'taken';
    },
  });
  t.is(done.exitCode, 75);
  t.true(done.runs.length >= 10 && done.runs.length <= 13);
});
