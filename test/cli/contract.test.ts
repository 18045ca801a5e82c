// Every command of the program passes the suite of contract.ts.

import type { ExecutionContext } from 'ava';
import { join } from 'node:path';
import { openSpool } from '../../src/spool/spool.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { points } from '../fakes/points.ts';
import { lettersOf, rejected } from '../fakes/letters.ts';
import { golden, runFlags } from './context.ts';
import { everyCommand, type JsonRun, type PrepareJsonRun, testCommand } from './contract.ts';

/** A state directory with two dead letters and a backlog of one point. */
async function stateFlags(t: ExecutionContext): Promise<{ readonly flags: string[]; readonly id: string }> {
  const { stateDir, directories } = await runFlags(t);
  const spool = await openSpool({ directory: join(stateDir, 'spool'), maxBytes: 1 << 20, clock: systemClock() });
  const some = points(2);
  await lettersOf(
    spool,
    await spool.reader('tsdb'),
    some,
    some.map((point) => rejected(point)),
  );
  await spool.append(points(1, 3));
  const [{ id } = { id: '' }] = spool.letters.after(undefined);
  await spool.close();
  return { flags: directories, id };
}

const run =
  (prints: JsonRun['prints'], ...argv: readonly string[]): PrepareJsonRun =>
  async (t) => {
    const { flags, id } = await stateFlags(t);
    return { argv: [...argv.map((word) => (word === 'ID' ? id : word)), ...flags], prints };
  };

/** A successful run for each command with `--json`. `ID` is the id of a dead letter. */
const jsonRuns: Readonly<Record<string, PrepareJsonRun>> = {
  doctor: run('value', '--file-mode'),
  'nodes list': run('value'),
  'nodes show': run('value', '312'),
  'nodes refresh': run('value'),
  'nodes diff': run('value', 'fresh', 'fresh'),
  'dead-letters list': run('lines'),
  'dead-letters show': run('value', 'ID'),
  'dead-letters retry': run('lines', '--all'),
  'dead-letters drop': run('lines', '--all', '--yes'),
  'dead-letters export': run('lines', '-'),
  'spool status': run('value'),
  'spool drop': run('value', '--yes'),
  'spool verify': run('value'),
  template: run('value', '--check', `${golden}catchpoint/template-custom.json`),
  forecast: run('value', '--tests', '2', '--nodes', '3'),
};

for (const command of await everyCommand()) testCommand(command, jsonRuns[command.words]);
