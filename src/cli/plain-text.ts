// What commands write for people: tables without lines, and texts from elsewhere made harmless.

import Table from 'cli-table3';

/** A table as lines of text, what is not known as `-`. */
export function plainTable(
  head: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string {
  const table = new Table({ head: [...head], chars: noLines, style: plain });
  table.push(...rows.map((row) => row.map(cell)));
  return `${table.toString().replace(/ +$/gm, '')}\n`;
}

export function cell(value: string | number | undefined): string {
  return value === undefined ? '-' : shown(String(value));
}

/** Names come from elsewhere: nothing in them may steer the terminal. */
export function shown(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** `12.3 MiB` */
export function sized(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${power === 0 ? Math.round(bytes) : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

const plain = { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 };
const noLines = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((part) => [part, '']),
);
