// The settings of the bridge's own metrics.

import { optional, type Setting, value } from '../kinds.ts';
import { metricPrefix, pause } from '../values.ts';

export const telemetrySettings = {
  selfMetrics: optional({
    group: 'Own metrics',
    argument: 'interval',
    parse: pause('10s', '1h'),
    help: "put the bridge's own metrics into OpenTSDB as well, this often, such as 30s or 5m; never where it is not given",
  }),
  selfMetricsPrefix: value({
    group: 'Own metrics',
    argument: 'name',
    default: 'catchpoint.bridge',
    parse: metricPrefix,
    help: 'what stands before their names there',
  }),
} as const satisfies Record<string, Setting<unknown>>;
