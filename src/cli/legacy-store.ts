// `former-store`: the reader process of the legacy store. A damaged store can crash it without crashing the bridge.

import type { Command } from 'commander';
import { createInterface } from 'node:readline';
import type { LegacyRequest } from '../spool/legacy/lmdb/requests.ts';
import type { BindAction } from './command-context.ts';

/** Reads a request from each line of standard input and writes a line for each answer. */
export function define(command: Command, bind: BindAction): void {
  command.argument('<directory>', 'where the store is').action(
    bind(async ({ args }, { stdin, stdout }) => {
      const [directory] = args as [string];
      const { openLegacyDatabase } = await import('../spool/legacy/lmdb/database.ts');
      const { opened, respond } = openLegacyDatabase(directory);
      const write = (line: string): void => void stdout.write(`${line}\n`);
      write(JSON.stringify(opened));
      for await (const line of createInterface({ input: stdin() })) write(respond(JSON.parse(line) as LegacyRequest));
      return 0;
    }),
  );
}
