// A loss of power. kill -9 cannot show whether a 200 waits for the disk, since the page cache outlives the process. So
// the writes and syncs are recorded, the store is rebuilt as a loss of power would leave it, and opened. Segments are
// short, so that many begin, checkpoints are written, and files are reused.

import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { requireTool } from '../missing-tool.ts';
import { type Crash, crashAfter, differences } from '../power-loss/crash.ts';
import { imagesIn } from '../power-loss/descriptors.ts';
import { record } from '../power-loss/recording.ts';
import type { StoreEvent } from '../power-loss/store-event.ts';
import { namedUnsynced } from '../power-loss/unsynced-names.ts';
import { down } from '../receiver-states.ts';
import type { Runs } from '../runs.ts';
import type { Outcome, Scenario, Setting } from '../scenario.ts';
import { openStage, type Stage, until } from '../stage.ts';

const run = promisify(execFile);
const reader = new URL('../power-loss/read-stores.js', import.meta.url).pathname;
/** The share of unsynced parts that survive. */
const shares = [0, 0.1, 0.5, 0.9, 1];
const storesAtOnce = 20;
/** Makes segments of 128 KiB, some 370 runs. */
const maxBytes = '1MiB';

export const powerLoss: Scenario = {
  id: 'power',
  title: 'loss of power: what was synced, and any part of the rest',
  async play(setting: Setting): Promise<Outcome> {
    const { form, seed, closing } = setting;
    requireTool('power', 'strace', ['-V']);
    const stage = await openStage({ seed, closing, args: ['--spool-max-bytes', maxBytes] });
    const { bridge, receiver, pusher, random, runs } = stage;
    await stage.begin();
    await delivered(stage, form === 'long' ? 2_400 : 1_800);
    const answeredBefore = pusher.figures().answers['200'] ?? 0;
    await receiver.be(down);
    const output = join(await temporaryDirectory(closing), 'calls');
    const directory = join(stage.stateDir, 'spool');
    const recording = await record('power', { pid: bridge.pid() ?? 0, directory, output, closing });
    pusher.start({ agents: 12, runs: form === 'long' ? 2_400 : 1_800 });
    await pusher.done();
    await bridge.kill();
    const events = await recording.end();
    const wanted = form === 'long' ? 1_000 : 60;
    const crash = (number: number): Crash =>
      crashAfter(
        events,
        1 + Math.floor(random() * events.length),
        recording.before,
        shares[number % shares.length] as number,
        random,
      );
    const { owed, faults } = await judged(wanted, crash, runs, await temporaryDirectory(closing));
    const unrecorded = [
      ...recordedFault(events, (pusher.figures().answers['200'] ?? 0) - answeredBefore),
      ...differences(events, recording.before, imagesIn(directory)),
    ];
    return {
      verdicts: [],
      judged: wanted,
      figures: figures(events, wanted, owed),
      faults: [...unrecorded, ...namedUnsynced(events), ...faults.slice(0, 8)],
    };
  },
};

/** Pushes and delivers runs, so that their segments are reused while the next runs are pushed. */
async function delivered({ bridge, pusher }: Stage, runs: number): Promise<void> {
  pusher.start({ agents: 12, runs });
  await pusher.done();
  await until(async () => (await bridge.status())?.sinks.every(({ backlog }) => backlog.points === 0) === true, {
    withinMs: 60_000,
    what: 'the spool is empty',
  });
}

function figures(events: readonly StoreEvent[], crashes: number, owed: number): string {
  const kinds = ['write', 'sync', 'truncate', 'allocate', 'create', 'rename', 'unlink', 'answered'] as const;
  const counts = kinds.map((kind) => [events.filter((event) => event.kind === kind).length, kind] as const);
  const dataSynced = events.filter((event) => event.kind === 'write' && event.isSynced).length;
  const recorded = counts
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${count} × ${kind}${kind === 'write' ? ` (${dataSynced} by O_DSYNC)` : ''}`);
  return `${crashes} losses of power in ${recorded.join(', ')}; ${owed} owed runs looked for`;
}

/** Checks that the recording is complete. */
function recordedFault(events: readonly StoreEvent[], answered: number): string[] {
  const recorded = events.filter(({ kind }) => kind === 'answered').length;
  const misses =
    recorded === answered ? [] : [`${answered} pushes were answered 200, ${recorded} answers were recorded`];
  const unplayed = (['create', 'rename', 'sync'] as const).filter(
    (wanted) => !events.some(({ kind }) => kind === wanted),
  );
  return [
    ...misses,
    ...unplayed.map((kind) => `no ${kind} was recorded: no segment was begun, or no checkpoint written`),
  ];
}

/** Returns the missing runs after each crash, and the number of runs checked. */
async function judged(
  count: number,
  crash: (number: number) => Crash,
  runs: Runs,
  below: string,
): Promise<{ readonly owed: number; readonly faults: string[] }> {
  const faults: string[] = [];
  let owed = 0;
  for (let first = 0; first < count; first += storesAtOnce) {
    const some = Array.from({ length: Math.min(storesAtOnce, count - first) }, (_, at) => crash(first + at));
    const directories = some.map((_, at) => join(below, String(first + at)));
    for (const [at, directory] of directories.entries()) {
      await mkdir(directory);
      for (const [name, image] of some[at]?.files ?? []) image.save(join(directory, name));
    }
    const read = await contents(directories);
    for (const [at, { answered }] of some.entries()) {
      owed += answered.length;
      faults.push(...missing(answered, read.get(directories[at] as string), runs));
    }
    for (const directory of directories) await rm(directory, { recursive: true });
  }
  return { owed, faults };
}

interface Contents {
  readonly directory: string;
  readonly lines?: readonly string[];
  readonly lost?: Readonly<Record<string, number>>;
  readonly error?: string;
}

/** A store may crash the process that reads it; the stores after it are then read by another process. */
async function contents(directories: readonly string[]): Promise<ReadonlyMap<string, Contents>> {
  const { stdout } = await run(process.execPath, [reader, ...directories], { maxBuffer: 2 ** 30 }).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  );
  const rows = stdout
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Contents);
  const read = new Map(rows.map((row) => [row.directory, row]));
  const behind = directories.slice(rows.length + 1);
  return behind.length === 0 ? read : new Map([...read, ...(await contents(behind))]);
}

function missing(answered: readonly string[], read: Contents | undefined, runs: Runs): string[] {
  if (read?.lines === undefined)
    return [`C: the store could not be read: ${read?.error ?? 'the process that read it died'}`];
  const there = new Set(read.lines);
  const lost = answered.filter(
    (timestamp) => !runs.points(runs.runAt(timeOf(timestamp))).every((line) => there.has(line)),
  );
  const reported = Object.entries(read.lost ?? {}).filter(([, count]) => count > 0);
  return [
    ...(lost.length === 0
      ? []
      : [`C: ${lost.length} of ${answered.length} runs answered 200 are lost, such as that of ${lost[0]}`]),
    ...reported.map(([what, count]) => `I: ${count} × ${what} are reported as lost, without damage`),
  ];
}

/** yyyyMMddHHmmssfff, in UTC */
function timeOf(timestamp: string): number {
  return Date.parse(timestamp.replace(/^(....)(..)(..)(..)(..)(..)(...)$/, '$1-$2-$3T$4:$5:$6.$7Z'));
}
