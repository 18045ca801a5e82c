// The table of the bridge's own metrics in docs/metrics.md.

import { metricPrefix } from '../prometheus.ts';
import type { Alarm, Metric } from './metric.ts';
import { metrics } from './all-metrics.ts';

const alarmTexts: Readonly<Record<Alarm, string>> = { loss: '**data is lost**', risk: 'data is at risk' };

/** In Markdown. */
export function metricsTable(): string {
  const head = ['| metric | type | labels | | when it is not as it should be |', '|---|---|---|---|---|'];
  return `${[...head, ...metrics.map(row)].join('\n')}\n`;
}

function row({ name, type, labels = [], help, alarm }: Metric): string {
  const shownLabels = labels.map((label) => `\`${label}\``).join(', ');
  return `| \`${metricPrefix}${name}\` | ${type} | ${shownLabels} | ${help} | ${alarm === undefined ? '' : alarmTexts[alarm]} |`;
}
