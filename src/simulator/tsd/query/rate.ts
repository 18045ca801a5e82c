// Rates in the simulated OpenTSDB: the change per second between neighbouring values (RateSpan, RateOptions).

import { invalidJson } from '../answers.ts';
import type { Series } from './downsample.ts';

export interface RateOptions {
  /** A value that falls has rolled over at `counterMax`, or was reset. */
  readonly isCounter: boolean;
  /** Values per second; a counter's rate above it becomes 0. 0: no bound. */
  readonly resetValue: number;
  readonly counterMax: number;
  /** A counter that falls has no rate there. */
  readonly dropsResets: boolean;
}

/** The default of counterMax, Long.MAX_VALUE. */
const maxLong = 2 ** 63;

/**
 * Parses `rate` and `rateOptions` of a sub query. Undefined: values, no rates.
 *
 * @throws BadRequest
 */
export function readRate(rate: unknown = false, rateOptions: unknown = {}): RateOptions | undefined {
  if (typeof rate !== 'boolean' || typeof rateOptions !== 'object' || rateOptions === null) throw invalidJson();
  const {
    counter = false,
    counterMax = maxLong,
    resetValue = 0,
    dropResets = false,
    ...others
  } = rateOptions as Record<string, unknown>;
  if (Object.keys(others).length > 0) throw invalidJson();
  if (typeof counter !== 'boolean' || typeof dropResets !== 'boolean') throw invalidJson();
  if (typeof counterMax !== 'number' || typeof resetValue !== 'number') throw invalidJson();
  return rate ? { isCounter: counter, counterMax, resetValue, dropsResets: dropResets } : undefined;
}

/** A rate at each value except the first. */
export function rated(series: Series, options: RateOptions): Series {
  const values = [...series];
  return new Map(
    values.slice(1).flatMap(([atMs, value], index) => {
      const [previousMs, previous] = values[index] as [number, number];
      const rate = rateOf(value - previous, (atMs - previousMs) / 1000, options);
      return rate === undefined ? [] : [[atMs, rate] as const];
    }),
  );
}

function rateOf(difference: number, seconds: number, options: RateOptions): number | undefined {
  if (!options.isCounter || !(difference < 0)) return difference / seconds;
  if (options.dropsResets) return undefined;
  const rate = (options.counterMax + difference) / seconds;
  return options.resetValue > 0 && rate > options.resetValue ? 0 : rate;
}
