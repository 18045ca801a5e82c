// The measures, each of them once: from this list come /metrics, what goes into OpenTSDB, and the table in docs/metrics.md.

import { accessMetrics } from './access.ts';
import { cardinalityMetrics } from './cardinality.ts';
import { storageMetrics } from './storage.ts';
import type { Metric } from './metric.ts';
import { nodeMetrics } from './nodes.ts';
import { pushMetrics } from './pushes.ts';
import { sinkMetrics } from './sinks.ts';
import { stateMetrics } from './state.ts';

export const metrics: readonly Metric[] = [
  ...pushMetrics,
  ...accessMetrics,
  ...cardinalityMetrics,
  ...sinkMetrics,
  ...storageMetrics,
  ...nodeMetrics,
  ...stateMetrics,
];
