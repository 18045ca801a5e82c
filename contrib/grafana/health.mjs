// The dashboard of the bridge's own health, for Prometheus.

import { dashboard, lines, number, sourceVariable } from './frame.mjs';

const source = { type: 'prometheus', uid: '${ds}' };
const p = 'catchpoint_bridge_';
const chosen = 'instance=~"$instance"';

const target = (expr, legendFormat = '{{instance}}') => ({ expr, legendFormat, range: true });

const instance = {
  name: 'instance',
  label: 'Instance',
  type: 'query',
  datasource: source,
  query: { query: `label_values(${p}build_info, instance)`, refId: 'instance' },
  definition: `label_values(${p}build_info, instance)`,
  refresh: 2,
  sort: 1,
  hide: 0,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
  options: [],
  regex: '',
};

const stat = (title, description, expr, options) => number({ title, description, source, targets: [target(expr)], ...options });
const graph = (title, description, unit, ...targets) => lines({ title, description, unit, source, targets });
const rate = (name, by) => `sum by (instance${by === undefined ? '' : `, ${by}`}) (rate(${p}${name}{${chosen}}[$__rate_interval]))`;
const gauge = (name) => `${p}${name}{${chosen}}`;
const quantile = (share, name) => `histogram_quantile(${share}, sum by (le, instance) (rate(${p}${name}_bucket{${chosen}}[$__rate_interval])))`;

const atAGlance = [
  stat('Ready', '1 while pushes are taken and everything is in order.', gauge('ready'), { red: 1, below: true }),
  stat('Oldest point that waits', 'How long the oldest point has waited for its sink.', `max by (instance) (${gauge('sink_oldest_point_age_seconds')})`, { unit: 's', red: 600 }),
  stat('Spool', 'How much of its bound is used; at 100 % pushes are refused.', `${gauge('spool_waiting_bytes')} / ${gauge('spool_max_bytes')}`, { unit: 'percentunit', red: 0.8 }),
  stat('Dead letters', 'What will not reach a sink unless somebody tries it again.', gauge('dead_letters'), { unit: 'short', red: 1 }),
  stat('Lost', 'What was acknowledged and is gone. It must stay 0.', `sum by (instance) (${gauge('lost_total')})`, { unit: 'short', red: 1 }),
  stat('Suspect tails', 'Last groups of the log that were not whole at a start: torn by a crash, or damaged.', gauge('spool_suspect_tails_total'), { unit: 'short', red: 1 }),
];

export const healthDashboard = dashboard({
  uid: 'catchpoint-bridge-health',
  title: 'Catchpoint: health of the bridge',
  description: 'catchpoint-opentsdb-bridge by its own metrics.',
  tags: ['prometheus'],
  variables: [sourceVariable('prometheus', 'Data source'), instance],
  rows: [
    { height: 5, panels: atAGlance },
    { panels: [
      graph('Pushes a second', 'By what became of them.', 'reqps', target(rate('pushes_total', 'outcome'), '{{instance}} {{outcome}}')),
      graph('Time to the answer', 'From the head of a push to its answer; Catchpoint gives up after 20 s.', 's',
        target(quantile(0.5, 'push_duration_seconds'), '{{instance}} median'), target(quantile(0.99, 'push_duration_seconds'), '{{instance}} 99 %')),
    ] },
    { panels: [
      graph('Points a second', 'By what the sink ruled on them.', 'short', target(rate('sink_points_total', 'sink, ruling'), '{{instance}} {{sink}} {{ruling}}')),
      graph('Time of a write', 'How long the sink takes.', 's',
        target(quantile(0.5, 'sink_write_duration_seconds'), '{{instance}} median'), target(quantile(0.99, 'sink_write_duration_seconds'), '{{instance}} 99 %')),
    ] },
    { panels: [
      graph('Points that wait', 'On disk, for each sink.', 'short', target(gauge('sink_backlog_points'), '{{instance}} {{sink}}')),
      graph('Oldest point', 'How long it has waited.', 's', target(gauge('sink_oldest_point_age_seconds'), '{{instance}} {{sink}}')),
      graph('Restarts of the outlet thread', 'How often the thread that writes to the sinks has died, in an hour.', 'short', target(`increase(${gauge('outlet_thread_restarts_total')}[1h])`)),
    ] },
    { panels: [
      graph('New dead letters', 'By the reason\'s class, in an hour.', 'short', target(`sum by (instance, kind) (increase(${p}dead_letters_added_total{${chosen}}[1h]))`, '{{instance}} {{kind}}')),
      graph('Parked pushes', 'From nodes that the directory does not know yet.', 'short', target(gauge('parked_measurements'))),
    ] },
    { panels: [
      graph('Nodes', 'In the directory.', 'short', target(gauge('nodes'))),
      graph('Age of the node directory', 'Since it was read anew.', 's', target(`time() - ${gauge('nodes_refreshed_timestamp_seconds')}`)),
    ] },
    { panels: [
      graph('Memory', 'Resident, and of it the heap in use.', 'bytes', target(gauge('process_resident_memory_bytes'), '{{instance}} resident'), target(gauge('process_heap_used_bytes'), '{{instance}} heap')),
      graph('CPU', 'Cores in use.', 'short', target(rate('process_cpu_seconds_total'))),
      graph('Event loop', 'How late it was, 99th percentile.', 's', target(gauge('event_loop_lag_p99_seconds'))),
    ] },
  ],
});
