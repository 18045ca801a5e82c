// `npm run bench` compares the bridge with what the machine can do, and prints one table. All are measured in turns in
// one run, so that other load on the machine affects all of them. The arguments are in settings.ts.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { docker } from './docker.ts';
import { drain, type Drained } from './drain.ts';
import { growth } from './growth.ts';
import { cpuOfAll } from './kernel-figures.ts';
import { memory } from './memory.ts';
import { type Circumstances, circumstanceWords, pageOf } from './page.ts';
import { profile } from './profile.ts';
import { pushes } from './pushes.ts';
import { type Row, tableOf } from './row.ts';
import { readSettings, type Settings } from './settings.ts';
import { start } from './start.ts';
import { tls } from './tls.ts';
import { vmagentIn } from './vmagent.ts';
import { waitingStart } from './waiting-start.ts';

const page = new URL('../../../docs/performance.md', import.meta.url).pathname;

/** Known figures of the original bridge, which is not available. */
const original: Row = {
  number: 12,
  name: 'original (Python, 2016)',
  wanted: 'nothing, for comparison',
  reached: '670-740 pushes/s, known figure, cannot be shipped',
  figures: '',
};

const given = readSettings(process.argv.slice(2));
const settings = { ...given, vmagent: given.vmagent ?? vmagentIn(process.env['PATH'] ?? '') };
if (settings.isProfile) await profile(settings);
else await table(settings);

async function table(settings: Settings): Promise<void> {
  const rows: Row[] = [];
  const failed: string[] = [];
  let drained: readonly Drained[] = [];
  const part = async (name: string, numbers: readonly number[], run: () => Promise<readonly Row[]>): Promise<void> => {
    if (!numbers.some((number) => settings.only.has(number))) return;
    const fromMs = performance.now();
    try {
      rows.push(...(await run()));
    } catch (error) {
      failed.push(`${name}: ${String(error)}`);
    }
    console.error(`${name}: ${((performance.now() - fromMs) / 1000).toFixed(0)} s`);
  };
  const [fromMs, before] = [performance.now(), cpuOfAll()];
  await part('pushes', [1, 2, 3, 4, 5, 6], () => pushes(settings));
  await part('drain', [7], async () => {
    const { rows: own, atOnce } = await drain(settings);
    drained = atOnce;
    return own;
  });
  await part('memory', [8], () => memory(settings));
  await part('growth', [9], () => growth(settings, drained));
  await part('tls', [10], () => tls(settings));
  await part('start', [11], () => start(settings));
  if (settings.only.has(12)) rows.push(original);
  await part('waiting', [13], () => waitingStart(settings));
  await part('docker', [14], () => docker(settings));
  const after = cpuOfAll();
  const othersShare =
    Math.max(0, after.busyMs - before.busyMs - (after.familyMs - before.familyMs)) / (after.allMs - before.allMs);
  tell(rows, failed, { minutes: (performance.now() - fromMs) / 60_000, othersShare });
}

function tell(
  rows: readonly Row[],
  failed: readonly string[],
  took: Pick<Circumstances, 'minutes' | 'othersShare'>,
): void {
  const [cpu] = cpus();
  const circumstances: Circumstances = {
    machine: `${cpus().length} × ${cpu?.model.trim()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    command: ['npm run bench', ...(settings.args.length === 0 ? [] : ['--', ...settings.args])].join(' '),
    ...took,
  };
  console.log(`${circumstanceWords(circumstances)}\n\n${tableOf(rows)}`);
  for (const reason of failed) console.log(`\nnot measured: ${reason}`);
  if (failed.length > 0) process.exitCode = 1;
  else if (settings.isWritten) {
    mkdirSync(new URL('.', `file://${page}`).pathname, { recursive: true });
    writeFileSync(page, pageOf(rows, circumstances));
  }
}
