// The settings of the bridge's own metrics.

import { inGroup, optional, value } from '../setting.ts';
import { metricPrefix, interval } from '../values.ts';

export const telemetrySettings = inGroup('Own metrics', {
  selfMetrics: optional({
    argument: 'interval',
    parse: interval('10s', '1h'),
    help: "put the bridge's own metrics into OpenTSDB as well, this often, such as 30s or 5m; never where it is not given",
  }),
  selfMetricsPrefix: value({
    argument: 'name',
    default: 'catchpoint.bridge',
    parse: metricPrefix,
    help: 'what stands before their names there',
  }),
});
