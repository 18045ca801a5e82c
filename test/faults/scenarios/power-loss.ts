// The power goes: kill -9 cannot show whether a 200 waits for the disk, since the page cache outlives the process. So the
// writes and syncs are recorded, the store is rebuilt as it would be found after a loss of power, and opened.

import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { type Crash, crashAfter } from '../power-loss/crash.ts';
import { record, type StoreEvent } from '../power-loss/recording.ts';
import { down } from '../receiver-states.ts';
import type { Runs } from '../runs.ts';
import type { Outcome, Scenario, Setting } from '../scenario.ts';
import { openStage } from '../stage.ts';

const run = promisify(execFile);
const reader = new URL('../power-loss/read-stores.js', import.meta.url).pathname;
/** Of the sectors that were not synced: none, a part, all. */
const shares = [0, 0.1, 0.5, 0.9, 1];
const storesAtOnce = 20;

export const powerLoss: Scenario = {
  id: 'power',
  title: 'loss of power: what was synced, and any part of the rest',
  async play(setting: Setting): Promise<Outcome> {
    const { form, seed, closing } = setting;
    const stage = await openStage({ seed, closing });
    const { bridge, receiver, pusher, random, runs } = stage;
    await stage.begin();
    await receiver.be(down);
    const store = join(stage.stateDir, 'spool', 'data.mdb');
    const before = await readFile(store);
    const recording = await record(bridge.pid() ?? 0, store, join(await temporaryDirectory(closing), 'calls'));
    if (recording === undefined) return { verdicts: [], figures: 'strace could not be attached: not played' };
    pusher.start({ agents: 12, runs: form === 'long' ? 1_500 : 300 });
    await pusher.done();
    const events = await recording.end();
    await bridge.kill();
    const wanted = form === 'long' ? 1_000 : 60;
    const crashes = Array.from({ length: wanted }, (_, number) =>
      crashAfter(events, 1 + Math.floor(random() * events.length), before, shares[number % shares.length] as number, random),
    );
    const faults = await judged(crashes, runs, await temporaryDirectory(closing));
    return { verdicts: [], figures: figures(events, crashes), faults: [...(recordedFault(events, pusher.figures().answers)), ...faults.slice(0, 8)] };
  },
};

function figures(events: readonly StoreEvent[], crashes: readonly Crash[]): string {
  const count = (kind: StoreEvent['kind']): number => events.filter((event) => event.kind === kind).length;
  const owed = crashes.reduce((sum, { answered }) => sum + answered.length, 0);
  return `${crashes.length} losses of power in ${count('write')} writes, ${count('sync')} syncs and ${count('answered')} answers; ${owed} owed runs looked for`;
}

/** A recording that misses something proves nothing. */
function recordedFault(events: readonly StoreEvent[], answers: Readonly<Record<string, number>>): string[] {
  const answered = events.filter(({ kind }) => kind === 'answered').length;
  return answered === (answers['200'] ?? 0) ? [] : [`${answers['200']} pushes were answered 200, ${answered} answers were recorded`];
}

/** What is missing after each crash. */
async function judged(crashes: readonly Crash[], runs: Runs, below: string): Promise<string[]> {
  const faults: string[] = [];
  for (let first = 0; first < crashes.length; first += storesAtOnce) {
    const some = crashes.slice(first, first + storesAtOnce);
    const directories = some.map((_, at) => join(below, String(first + at)));
    for (const [at, directory] of directories.entries()) {
      await mkdir(directory);
      await writeFile(join(directory, 'data.mdb'), (some[at] as Crash).file);
    }
    const read = await contents(directories);
    for (const [at, { answered }] of some.entries()) faults.push(...missing(answered, read.get(directories[at] as string), runs));
  }
  return faults;
}

interface Contents {
  readonly directory: string;
  readonly lines?: readonly string[];
  readonly error?: string;
}

/** A store that ends the process that reads it hides those behind it, which are read again. */
async function contents(directories: readonly string[]): Promise<ReadonlyMap<string, Contents>> {
  const { stdout } = await run(process.execPath, [reader, ...directories], { maxBuffer: 2 ** 30 }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  const rows = stdout.split('\n').filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as Contents);
  const read = new Map(rows.map((row) => [row.directory, row]));
  const behind = directories.slice(rows.length + 1);
  return behind.length === 0 ? read : new Map([...read, ...(await contents(behind))]);
}

function missing(answered: readonly string[], read: Contents | undefined, runs: Runs): string[] {
  if (read?.lines === undefined) return [`C: the store could not be read: ${read?.error ?? 'the process that read it died'}`];
  const there = new Set(read.lines);
  const lost = answered.filter((timestamp) => !runs.points(runs.runAt(timeOf(timestamp))).every((line) => there.has(line)));
  return lost.length === 0 ? [] : [`C: ${lost.length} of ${answered.length} runs answered 200 are lost, such as that of ${lost[0]}`];
}

/** yyyyMMddHHmmssfff, in UTC */
function timeOf(timestamp: string): number {
  return Date.parse(timestamp.replace(/^(....)(..)(..)(..)(..)(..)(...)$/, '$1-$2-$3T$4:$5:$6.$7Z'));
}
