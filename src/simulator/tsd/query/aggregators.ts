// The aggregation functions of OpenTSDB 2.4.1: which there are, what they make of values, and what stands in for a series without one.

type Reduce = (values: readonly number[]) => number;

const sum: Reduce = (values) => values.reduce((total, value) => total + value, 0);
const average: Reduce = (values) => sum(values) / values.length;
const deviation: Reduce = (values) => {
  const mean = average(values);
  return Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
};
const least: Reduce = (values) => Math.min(...values);
const greatest: Reduce = (values) => Math.max(...values);

/** commons-math's Percentile: between the neighbours of p(n+1)/100. */
function percentile(per: number): Reduce {
  return (values) => {
    const sorted = values.toSorted((one, other) => one - other);
    const position = (per / 100) * (sorted.length + 1);
    const below = sorted[Math.max(Math.floor(position) - 1, 0)] ?? NaN;
    const above = sorted[Math.min(Math.floor(position), sorted.length - 1)] ?? NaN;
    return position < 1 ? (sorted[0] ?? NaN) : below + (position - Math.floor(position)) * (above - below);
  };
}

const percentiles: Readonly<Record<string, number>> = { 50: 50, 75: 75, 90: 90, 95: 95, 99: 99, 999: 99.9 };

const reducers: Readonly<Record<string, Reduce>> = {
  sum,
  zimsum: sum,
  pfsum: sum,
  avg: average,
  min: least,
  mimmin: least,
  max: greatest,
  mimmax: greatest,
  count: (values) => values.length,
  dev: deviation,
  diff: (values) => (values.at(-1) ?? 0) - (values[0] ?? 0),
  first: (values) => values[0] ?? NaN,
  last: (values) => values.at(-1) ?? NaN,
  median: (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN,
  mult: (values) => values.reduce((product, value) => product * value, 1),
  squareSum: (values) => sum(values.map((value) => value * value)),
  ...Object.fromEntries(Object.entries(percentiles).map(([digits, per]) => [`p${digits}`, percentile(per)])),
};

/** The estimated percentiles are known by name and not simulated. */
const estimated = Object.keys(percentiles).flatMap((digits) => [`ep${digits}r3`, `ep${digits}r7`]);

/** As /api/aggregators names them. */
export const aggregatorNames: readonly string[] = [...Object.keys(reducers), ...estimated, 'none'].toSorted();

/** The values without NaN, made one; NaN where nothing is left. */
export function reduced(aggregator: string, values: readonly number[]): number {
  const reduce = reducers[aggregator];
  if (reduce === undefined) throw new Error(`${aggregator} is not simulated`);
  const real = values.filter((value) => !Number.isNaN(value));
  return real.length === 0 ? NaN : reduce(real);
}

/** Between two values of a series: a straight line, nothing, zero or the value before. */
export type Interpolation = 'line' | 'none' | 'zero' | 'before';

export function interpolationOf(aggregator: string): Interpolation {
  if (['zimsum', 'count'].includes(aggregator)) return 'zero';
  if (['mimmin', 'mimmax', 'first', 'last', 'median'].includes(aggregator)) return 'none';
  return aggregator === 'pfsum' ? 'before' : 'line';
}
