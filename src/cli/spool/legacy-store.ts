// `former-store`, for the program's own use: reads a spool that an earlier version wrote, in a process that may die of it, and
// answers what it is asked on its standard input, until that ends.

import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { Question } from '../../spool/legacy/lmdb/requests.ts';
import type { Bound, CommandContext } from '../command-context.ts';

export function addLegacyStore(command: Command, { stdin, stdout }: CommandContext, bound: Bound): void {
  command.argument('<directory>', 'where the store is').action(
    bound(async (given) => {
      const [directory] = given.args as [string];
      const { openLegacyDatabase } = await import('../../spool/legacy/lmdb/database.ts');
      const { opened, answer } = openLegacyDatabase(directory);
      const write = (line: string): void => void stdout.write(`${line}\n`);
      write(JSON.stringify(opened));
      // Not before that: what would be read of a damaged store is not even asked.
      for await (const line of createInterface({ input: stdin() })) write(answer(JSON.parse(line) as Question));
      return 0;
    }),
  );
}
