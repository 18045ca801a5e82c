// Makes figures of what was measured: integers exactly, per cents as floats.

import { floatText } from '../../../model/number-text.ts';
import type { Figure } from './figure.ts';

/** OpenTSDB stores signed 64-bit integers. */
const maxInteger = 2n ** 63n - 1n;
const decimalPlaces = 10_000;

/** A figure of docker-stats-to-backstop; none if it was not measured. See integerFigure. */
export function originalFigure(name: string, value: bigint | undefined): Figure[] {
  return integerFigure(name, value, { isOriginal: true });
}

/** A figure beyond those of docker-stats-to-backstop; none if it was not measured. See integerFigure. */
export function addedFigure(name: string, value: bigint | undefined, interfaceName?: string): Figure[] {
  return integerFigure(name, value, { isOriginal: false, ...(interfaceName === undefined ? {} : { interfaceName }) });
}

/** The engine counts to 2^64-1. A value above 2^63-1 is omitted: no sink stores it, and it is never rounded. */
function integerFigure(name: string, value: bigint | undefined, rest: Omit<Figure, 'name' | 'value'>): Figure[] {
  return value === undefined || value > maxInteger ? [] : [{ name, value: String(value), ...rest }];
}

/** Per cent with at most four decimal places, always a float; none if it was not measured. */
export function percentFigure(name: string, percent: number | undefined): Figure[] {
  if (percent === undefined || !Number.isFinite(percent)) return [];
  return [{ name, value: floatText(Math.round(percent * decimalPlaces) / decimalPlaces), isOriginal: false }];
}

/** True for an integer that a sink stores. */
export function isStorable(value: bigint | undefined): value is bigint {
  return value !== undefined && value <= maxInteger;
}
