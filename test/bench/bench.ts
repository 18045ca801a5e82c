// `npm run bench`: what the bridge does in a second, beside servers that show where its limit is, in one run and in turns, so that
// whatever else the machine does falls on all of them. What can be asked for is in `settings.ts`.

import { cpus } from 'node:os';
import { drain } from './drain.ts';
import { growth } from './growth.ts';
import { pushes } from './pushes.ts';
import { profile } from './profile.ts';
import { readSettings, type Part } from './settings.ts';
import { start } from './start.ts';

const parts: Readonly<Record<Part, (settings: ReturnType<typeof readSettings>) => Promise<void>>> = { pushes, drain, start, growth, profile };

const settings = readSettings();
console.log(`${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`);
for (const part of settings.only) {
  console.log(`\n## ${part}\n`);
  await parts[part](settings);
}
