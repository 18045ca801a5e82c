// The measures of the cardinality guard: how much is known of how much that pushes may bring.

import type { CardinalitySnapshot, Snapshot } from '../snapshot.ts';
import { labelled, type Metric, type Sample, single } from './metric.ts';

type Filling = CardinalitySnapshot['tests'];

/** By what is bounded: tests, nodes, or the tag's name. */
const each = ({ cardinality }: Snapshot, read: (filling: Filling) => number): readonly Sample[] => {
  if (cardinality === undefined) return [];
  const { tests, nodes, tagValues } = cardinality;
  return Object.entries({ ...tagValues, tests, nodes }).flatMap(([what, filling]) =>
    labelled({ what }, single(read(filling))),
  );
};

export const cardinalityMetrics: readonly Metric[] = [
  {
    name: 'cardinality_known',
    type: 'gauge',
    labels: ['what'],
    alarm: undefined,
    help: 'What pushes have brought so far: tests, nodes that Catchpoint does not list, and values of each tag',
    read: (snapshot) => each(snapshot, ({ known }) => known),
  },
  {
    name: 'cardinality_bound',
    type: 'gauge',
    labels: ['what'],
    alarm: undefined,
    help: 'How much of it there may be; pushes that bring more become dead letters (pushes_total, cardinality)',
    read: (snapshot) => each(snapshot, ({ most }) => most),
  },
];
