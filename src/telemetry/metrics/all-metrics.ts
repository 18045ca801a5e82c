// The measures, each of them once: from this list come /metrics, what goes into OpenTSDB, and the table in docs/metrics.md.

import { accessMeasures } from './access.ts';
import { boundMeasures } from './cardinality.ts';
import { keptMeasures } from './storage.ts';
import type { Measure } from './metric.ts';
import { nodeMeasures } from './nodes.ts';
import { pushMeasures } from './pushes.ts';
import { sinkMeasures } from './sinks.ts';
import { stateMeasures } from './state.ts';

export const measures: readonly Measure[] = [...pushMeasures, ...accessMeasures, ...boundMeasures, ...sinkMeasures, ...keptMeasures, ...nodeMeasures, ...stateMeasures];
