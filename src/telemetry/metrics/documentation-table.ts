// The table of the bridge's own metrics in docs/metrics.md.

import { metricPrefix } from '../prometheus.ts';
import type { Alarm, Measure } from './metric.ts';
import { measures } from './all-metrics.ts';

const alarmWords: Readonly<Record<NonNullable<Alarm>, string>> = { loss: '**data is lost**', risk: 'data is at risk' };

/** A Markdown table of all measures. */
export function measuresTable(): string {
  const head = ['| metric | type | labels | | when it is not as it should be |', '|---|---|---|---|---|'];
  return `${[...head, ...measures.map(row)].join('\n')}\n`;
}

function row({ name, type, labels, help, alarm }: Measure): string {
  const shownLabels = labels.map((label) => `\`${label}\``).join(', ');
  return `| \`${metricPrefix}${name}\` | ${type} | ${shownLabels} | ${help} | ${alarm === undefined ? '' : alarmWords[alarm]} |`;
}
