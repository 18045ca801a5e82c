// The aggregation functions of OpenTSDB 2.4.1 and their interpolation.

type Reduce = (values: readonly number[]) => number;

const sum: Reduce = (values) => values.reduce((total, value) => total + value, 0);
const average: Reduce = (values) => sum(values) / values.length;
const deviation: Reduce = (values) => {
  const mean = average(values);
  return Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
};
const min: Reduce = (values) => Math.min(...values);
const max: Reduce = (values) => Math.max(...values);
const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

/** Percentile of commons-math: interpolates at the position p(n+1)/100. */
function percentile(per: number): Reduce {
  return (values) => {
    const ascending = sorted(values);
    const position = (per / 100) * (ascending.length + 1);
    const below = ascending[Math.max(Math.floor(position) - 1, 0)] ?? NaN;
    const above = ascending[Math.min(Math.floor(position), ascending.length - 1)] ?? NaN;
    return position < 1 ? below : below + (position - Math.floor(position)) * (above - below);
  };
}

const percentiles: Readonly<Record<string, number>> = { 50: 50, 75: 75, 90: 90, 95: 95, 99: 99, 999: 99.9 };

const reducers: Readonly<Record<string, Reduce>> = {
  sum,
  zimsum: sum,
  pfsum: sum,
  avg: average,
  min,
  mimmin: min,
  max,
  mimmax: max,
  count: (values) => values.length,
  dev: deviation,
  diff: (values) => (values.at(-1) ?? 0) - (values[0] ?? 0),
  first: (values) => values[0] ?? NaN,
  last: (values) => values.at(-1) ?? NaN,
  median: (values) => sorted(values)[Math.floor(values.length / 2)] ?? NaN,
  mult: (values) => values.reduce((product, value) => product * value, 1),
  squareSum: (values) => sum(values.map((value) => value * value)),
  ...Object.fromEntries(Object.entries(percentiles).map(([digits, per]) => [`p${digits}`, percentile(per)])),
};

/** Listed but not simulated. */
const estimatedPercentiles = Object.keys(percentiles).flatMap((digits) => [`ep${digits}r3`, `ep${digits}r7`]);

/** The answer of /api/aggregators. */
export const aggregatorNames: readonly string[] = [
  ...Object.keys(reducers),
  ...estimatedPercentiles,
  'none',
].toSorted();

/** Ignores NaN. NaN if no value is left. */
export function aggregate(aggregator: string, values: readonly number[]): number {
  const reduce = reducers[aggregator];
  if (reduce === undefined) throw new Error(`${aggregator} is not simulated`);
  const numbers = values.filter((value) => !Number.isNaN(value));
  return numbers.length === 0 ? NaN : reduce(numbers);
}

/** The value of a series between two of its values: linear, none, zero or the previous one. */
export type Interpolation = 'linear' | 'none' | 'zero' | 'previous';

export function interpolationOf(aggregator: string): Interpolation {
  if (['zimsum', 'count'].includes(aggregator)) return 'zero';
  if (['mimmin', 'mimmax', 'first', 'last', 'median'].includes(aggregator)) return 'none';
  return aggregator === 'pfsum' ? 'previous' : 'linear';
}
