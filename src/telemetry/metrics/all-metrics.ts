// All metrics of the bridge. /metrics, --self-metrics and the table in docs/metrics.md are derived from this list.

import { accessMetrics } from './access.ts';
import { cardinalityMetrics } from './cardinality.ts';
import { storageMetrics } from './storage.ts';
import { dockerMetrics } from './docker.ts';
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
  ...dockerMetrics,
  ...stateMetrics,
];
