// `spool-work`, for the program's own use: reads a store that may be damaged, in a process that may die of it, and writes
// what it finds as lines of JSON.

import { setImmediate as otherThings } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Bound, Output, Surroundings } from './surroundings.ts';

interface Flags {
  readonly from: string;
  readonly file?: boolean;
}

export function addSpoolWork(command: Command, surroundings: Surroundings, bound: Bound): void {
  const { stdout, stop } = surroundings;
  command
    .argument('<task>', 'check or salvage')
    .argument('<directory>', 'where the store is')
    .option('--from <number>', 'begin with this database, or this item', '0')
    .option('--file', 'look at the file page by page first')
    .action(
      bound(async (given) => {
        const [task, directory] = given.args as [string, string];
        const { from, file = false } = given.opts<Flags>();
        if (task === 'salvage') await salvageAsLines(directory, Number(from), stdout, stop);
        else await checkAsLines(directory, { from: Number(from), file }, stdout);
        return 0;
      }),
    );
}

async function checkAsLines(directory: string, { from, file }: { readonly from: number; readonly file: boolean }, stdout: Output): Promise<void> {
  const { checkedDatabases, checkFile, checkValues } = await import('../spool/soundness.ts');
  const say = (line: object): void => void stdout.write(`${JSON.stringify(line)}\n`);
  const saying = { fault: (fault: string) => say({ fault }), at: (at: string) => say({ at }) };
  if (file) checkFile(directory, saying.fault);
  await checkValues(directory, checkedDatabases.slice(from), saying);
}

const linesAtOnce = 64;

/** Positions and counts are needed every time; they are not counted. Ends when nobody listens any more. */
async function salvageAsLines(directory: string, from: number, stdout: Output, stop: AbortSignal): Promise<void> {
  const [{ salvage }, { isForMind }] = await Promise.all([import('../spool/salvage.ts'), import('../spool/salvaged-item.ts')]);
  const items = salvage(directory);
  let lines: string[] = [];
  for (let number = 0, isDone = false; !isDone && !stop.aborted; ) {
    const { done, value } = items.next();
    isDone = done === true;
    if (done === true) lines.push(JSON.stringify({ lost: value }));
    else if (isForMind(value) || number >= from) lines.push(JSON.stringify(value));
    if (done !== true && !isForMind(value)) number += 1;
    if (!isDone && lines.length < linesAtOnce) continue;
    if (!stdout.write(`${lines.join('\n')}\n`)) await new Promise((resolve) => stdout.once('drain', resolve));
    await otherThings();
    lines = [];
  }
}
