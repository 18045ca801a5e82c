// Random deliveries for fast-check: mostly legal, with few cuts, so that series templates are used again.

import fc from 'fast-check';
import type { DataPoint, FactoredPoints, Points } from '../../src/model/point.ts';

/** Mostly `common`, and sometimes `rare`. */
export function mostly<T>(common: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 40, arbitrary: common }, { weight: 1, arbitrary: rare });
}

interface DeliveryArbitraries {
  /** Of metrics, cuts, tags and their values. */
  readonly name: fc.Arbitrary<string>;
  readonly value: fc.Arbitrary<string>;
  readonly time: fc.Arbitrary<Pick<DataPoint, 'timestamp' | 'unit'>>;
  readonly stem: fc.Arbitrary<string>;
  readonly tail: fc.Arbitrary<string>;
  /** Bound on the tags of a run and of a series. */
  readonly maxTags: number;
  /** Added to points that are not factored. */
  readonly extra?: fc.Arbitrary<Partial<DataPoint>>;
}

export function arbitraryDeliveries(of: DeliveryArbitraries): fc.Arbitrary<readonly Points[]> {
  const { name, value, time, stem, tail, maxTags, extra = fc.constant({}) } = of;
  const tags = (maxKeys: number): fc.Arbitrary<Record<string, string>> => fc.dictionary(name, name, { maxKeys });
  const point: fc.Arbitrary<DataPoint> = fc
    .tuple(fc.record({ metric: name, value, tags: tags(3) }), time, extra)
    .map(([rest, timeOfPoint, more]) => ({ ...rest, ...timeOfPoint, ...more }));
  const points = fc.array(point, { maxLength: 2 });
  const cut = fc.oneof(fc.tuple(name), fc.tuple(name, name));
  const cuts = fc.record({ tags: tags(2), cuts: fc.array(cut, { maxLength: 4 }) });
  const required = ['stem', 'value'] as const;
  const series = fc.record({ stem, value, tags: tags(maxTags) }, { requiredKeys: [...required] });
  const factored = (known: readonly FactoredPoints['cuts'][]): fc.Arbitrary<FactoredPoints> =>
    fc
      .tuple(
        fc.record(
          {
            tail,
            series: fc.array(series, { maxLength: 3 }),
            cuts: fc.constantFrom(...known),
            tags: tags(maxTags),
            rest: points,
          },
          { requiredKeys: ['tail', 'series', 'cuts', 'rest'] },
        ),
        time,
      )
      .map(([rest, timeOfRun]) => ({ ...rest, ...timeOfRun }));
  return fc
    .array(cuts, { minLength: 1, maxLength: 2 })
    .chain((known) => fc.array(fc.oneof({ weight: 3, arbitrary: factored(known) }, points), { maxLength: 3 }));
}
