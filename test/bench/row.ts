// The rows of the benchmark's table: the target, the result and its figures.

import { median, range } from './medians.ts';

export interface Row {
  readonly number: number;
  readonly name: string;
  readonly wanted: string;
  readonly reached: string;
  /** The measurements behind the row. */
  readonly figures: string;
}

/** The target of a figure. */
export interface Bar {
  readonly way: 'at least' | 'at most';
  readonly value: number;
  /** A more ambitious target. */
  readonly stretch?: number;
  readonly digits: number;
  /** Such as ` KB`. */
  readonly unit?: string;
}

/** Makes a row of the median over the rounds. */
export function row(number: number, name: string, bar: Bar, values: readonly number[], figures: string): Row {
  const value = median(values);
  const text = values.length < 2 ? '' : ` (${range(values, bar.digits)}, ${values.length} rounds)`;
  return {
    number,
    name,
    wanted: wantedOf(bar),
    reached: `${value.toFixed(bar.digits)}${bar.unit ?? ''}${text}: ${verdict(bar, value)}`,
    figures,
  };
}

/** Makes a row without a figure. */
export function unmeasured(number: number, name: string, wanted: string, why: string): Row {
  return { number, name, wanted, reached: `not run: ${why}`, figures: '' };
}

export function wantedOf({ way, value, stretch, digits, unit = '' }: Bar): string {
  return `${way} ${value.toFixed(digits)}${unit}${stretch === undefined ? '' : `, better ${stretch.toFixed(digits)}${unit}`}`;
}

function verdict({ way, value, stretch }: Bar, found: number): string {
  const passes = (bar: number): boolean => (way === 'at least' ? found >= bar : found <= bar);
  if (stretch !== undefined && passes(stretch)) return 'better than wanted';
  return passes(value) ? 'reached' : 'missed';
}

/** Returns the table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ number, name, wanted, reached, figures }) => [
    String(number),
    name,
    wanted,
    reached,
    figures,
  ]);
  return [['', 'row', 'wanted', 'reached', 'figures'], ['---', '---', '---', '---', '---'], ...cells]
    .map((line) => `| ${line.join(' | ')} |`)
    .join('\n');
}
