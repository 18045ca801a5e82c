// Formats terminal output: tables, numbers, and external text with its control characters replaced.

import Table from 'cli-table3';

/** Makes cli-table3 draw no lines. */
export const noBorders: Readonly<Record<string, string>> = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat('middle')
    .map((part) => [part, '']),
);

/** A table with a line end after each row. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string {
  const style = { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 };
  const table = new Table({ head: [...head], chars: noBorders, style });
  table.push(...rows.map((row) => row.map(textCell)));
  return `${table.toString().replace(/ +$/gm, '')}\n`;
}

/** Undefined shows as `-`. */
export function textCell(value: string | number | undefined): string {
  return value === undefined ? '-' : printable(String(value));
}

/** Replaces control characters, so that names from elsewhere cannot control the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** `12.3 MiB` */
export function formatSize(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${power === 0 ? Math.round(bytes) : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** 12345.6 → 12,346 */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 75.4 s → 1:15 */
export function formatMinutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `4.2 ms`, with one decimal below ten; a dash for undefined. */
export function formatMs(ms: number | undefined): string {
  return ms === undefined ? '–' : `${ms < 10 ? ms.toFixed(1) : formatCount(ms)} ms`;
}
