// `check`: prints the configuration in effect with the origin of each setting, then runs the checks of the bridge.

import type { Command } from 'commander';
import type { ConfigRead } from '../config/config.ts';
import type { RedactedSetting } from '../config/settings/redacted-settings.ts';
import type { Check, CheckContext, Grade } from './checks/finding.ts';
import type { BindAction, CommandContext } from './command-context.ts';
import { commandConfig } from './load-config.ts';
import { withSettings } from './setting-options.ts';

export function define(command: Command, bind: BindAction): void {
  withSettings(command)
    .description('print the configuration in effect and try what it names')
    .action(bind(checkAction));
}

async function checkAction(command: Command, context: CommandContext): Promise<number> {
  const read = commandConfig(command, context, true);
  const { checkContext, configChecks } = await import('./checks/all-checks.ts');
  return check(read, configChecks, checkContext(context), (text) => context.stdout.write(text));
}

/** Resolves with the exit code: 69 after a fault, else 0. */
export async function check(
  read: ConfigRead,
  checks: readonly Check[],
  context: CheckContext,
  write: (text: string) => void,
): Promise<0 | 69> {
  write(settingsText(read.origins));
  const findings = (await Promise.all(checks.map((run) => run(read, context)))).flat();
  write(`\n${columns(findings.map(({ what, grade, words }) => [what, gradeText[grade], words]))}`);
  return findings.every(({ grade }) => grade !== 'fault') ? 0 : 69;
}

const gradeText: Readonly<Record<Grade, string>> = { ok: 'ok', warning: 'warning', fault: 'FAILED', unknown: '-' };

function settingsText(origins: readonly RedactedSetting[]): string {
  const rows = origins.map(({ name, value, origin }) => [name, value === '' ? '-' : value, origin]);
  return columns([['setting', 'value', 'from'], ...rows]);
}

/** A longer cell does not widen its column; it shifts the rest of its own row. */
const maxColumnWidth = 60;

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => {
    const lengths = rows.map((row) => row[column]?.length ?? 0);
    return Math.max(0, ...lengths.filter((length) => length <= maxColumnWidth));
  });
  const lines = rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
