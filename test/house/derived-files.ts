// The files of the repository that are made of the settings, the metrics and the command line, each with what it should hold.

import { readFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { systemClock } from '../../src/runtime/clock.ts';
import { reloadableSettings } from '../../src/daemon/reloadable-parts.ts';
import { runProgram } from '../../src/cli/program.ts';
import { nameOf } from '../../src/config/settings/names.ts';
import { configSchema } from '../../src/config/settings/schema.ts';
import { settingEntries, type SettingKey } from '../../src/config/settings/settings.ts';
import { settingsTables } from '../../src/config/settings/table.ts';
import { metricsTable } from '../../src/telemetry/metrics/documentation-table.ts';

const root = new URL('../../../', import.meta.url);

export interface DerivedFile {
  readonly path: string;
  /** What stands there; empty when there is no such file. */
  readonly found: string;
  readonly wanted: string;
}

export async function derivedFiles(): Promise<DerivedFile[]> {
  const { version } = JSON.parse(textOf('package.json')) as { readonly version: string };
  const wanted: Readonly<Record<string, string>> = {
    'docs/configuration.md': between(
      between(textOf('docs/configuration.md'), 'settings', settingsTables()),
      'changeable',
      changeableList(),
    ),
    'docs/metrics.md': between(textOf('docs/metrics.md'), 'metrics', metricsTable()),
    'contrib/schema/configuration.schema.json': `${JSON.stringify(configSchema(), undefined, 2)}\n`,
    'contrib/man/catchpoint-opentsdb-bridge.1': await manual(version),
  };
  return Object.entries(wanted).map(([path, text]) => ({
    path: new URL(path, root).pathname,
    found: textOf(path),
    wanted: text,
  }));
}

/** A text with another piece between two of its marks. */
function between(text: string, mark: string, piece: string): string {
  const pattern = new RegExp(`^(<!-- ${mark} -->\\n)[\\s\\S]*?^(<!-- /${mark} -->)$`, 'm');
  return text.replace(pattern, (_, before: string, after: string) => `${before}${piece}${after}`);
}

function changeableList(): string {
  const keys: readonly SettingKey[] = Object.values(reloadableSettings).flat();
  const names = settingEntries.filter(([key]) => keys.includes(key)).map(([key]) => `\`${nameOf(key)}\``);
  return `${names.join(', ')}\n`;
}

function textOf(path: string): string {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return '';
  }
}

/** What `man` prints. */
export async function manual(version: string): Promise<string> {
  let text = '';
  const into = (say: (piece: string) => void): Writable =>
    new Writable({ write: (chunk, _, done) => (say(String(chunk)), done()) });
  const stop = AbortSignal.abort();
  const surroundings = {
    env: {},
    stdin: () => Readable.from([]),
    clock: systemClock(),
    random: () => 0.5,
    pid: 1,
    stop,
    hurry: stop,
  };
  const exitCode = await runProgram(['man'], version, {
    ...surroundings,
    stdout: into((piece) => void (text += piece)),
    stderr: into(() => {}),
  });
  if (exitCode !== 0) throw new Error(`man ended with ${exitCode}`);
  return text;
}
