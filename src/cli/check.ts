// `check`: prints the configuration in effect and where each setting comes from, then tries what the bridge will need.

import type { ConfigRead } from '../config/config.ts';
import type { RedactedSetting } from '../config/settings/redacted-settings.ts';
import type { Finding, Grade, Probe } from './probes/finding.ts';

export interface CheckOptions {
  readonly read: ConfigRead;
  readonly trials: readonly Probe[];
  readonly write: (text: string) => void;
}

/** Resolves with the exit code: 0 when everything answered as it should, else 69. */
export async function check({ read, trials, write }: CheckOptions): Promise<0 | 69> {
  write(settingsText(read.origins));
  const found = await Promise.all(trials.map((trial) => trial(read.config)));
  const findings = found.flat();
  write(`\n${columns(findings.map(({ what, grade, words }: Finding) => [what, shownGrades[grade], words]))}`);
  return findings.every(({ grade }) => grade !== 'fault') ? 0 : 69;
}

const shownGrades: Readonly<Record<Grade, string>> = { ok: 'ok', warning: 'warning', fault: 'FAILED', unknown: '-' };

function settingsText(origins: readonly RedactedSetting[]): string {
  const rows = origins.map(({ name, value, origin }) => [name, value === '' ? '-' : value, origin]);
  return columns([['setting', 'value', 'from'], ...rows]);
}

/** A longer text pushes what stands behind it to the right, rather than every line. */
const maxColumnWidth = 60;

/** Lines of text whose cells stand below each other. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => {
    const lengths = rows.map((row) => row[column]?.length ?? 0);
    return Math.max(0, ...lengths.filter((length) => length <= maxColumnWidth));
  });
  return rows
    .map(
      (row) =>
        `${row
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
