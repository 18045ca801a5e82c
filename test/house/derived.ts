// Writes what is made of the settings and of the command line anew: the tables in docs/, the schema and the manual page.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { derivedFiles } from './derived-files.ts';

for (const { path, found, wanted } of await derivedFiles()) {
  if (found === wanted) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, wanted);
  process.stdout.write(`${path}: written\n`);
}
