// The metrics of the cardinality guard: known names and their limits.

import type { CardinalitySnapshot, CardinalityUse } from '../snapshot.ts';
import { type Metric, type Sample, withLabels } from './metric.ts';

/** The label `what` is `tests`, `nodes` or the name of a tag. */
function each(cardinality: CardinalitySnapshot | undefined, read: (use: CardinalityUse) => number): Sample[] {
  if (cardinality === undefined) return [];
  const { tests, nodes, tagValues } = cardinality;
  return Object.entries({ ...tagValues, tests, nodes }).flatMap(([what, use]) => withLabels({ what }, read(use)));
}

export const cardinalityMetrics: readonly Metric[] = [
  {
    name: 'cardinality_known',
    type: 'gauge',
    labels: ['what'],
    help: 'What pushes have brought so far: tests, nodes that Catchpoint does not list, and values of each tag',
    read: ({ cardinality }) => each(cardinality, ({ known }) => known),
  },
  {
    name: 'cardinality_bound',
    type: 'gauge',
    labels: ['what'],
    help: 'How much of it there may be; pushes that bring more become dead letters (pushes_total, cardinality)',
    read: ({ cardinality }) => each(cardinality, ({ most }) => most),
  },
];
