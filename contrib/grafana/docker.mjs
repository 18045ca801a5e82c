// The dashboard of Docker's containers, for Grafana's OpenTSDB data source and the metrics of --docker-naming tags.
//
// OpenTSDB's filters leave out series without the tag. So the panels by container filter by tags that every container has, and those
// by service are for containers of Compose alone.

import { bars, dashboard, lines, number, sourceVariable, textVariable } from './frame.mjs';
import { any, exactly, grouping, intervalVariable, source, typed } from './opentsdb.mjs';

/** A query of a metric with a line for each combination of the tags that group. */
function query({ figure, aggregator, downsample, filters, isRate = false }) {
  const grouped = filters.filter(({ groupBy }) => groupBy);
  return {
    metric: `$docker.${figure}`,
    aggregator,
    alias: grouped.map(({ tagk }) => `$tag_${tagk}`).join(' '),
    downsampleInterval: '$interval',
    downsampleAggregator: downsample,
    downsampleFillPolicy: 'none',
    disableDownsampling: false,
    shouldComputeRate: isRate,
    // Without a maximum the data source asks for dropResets: a counter that begins anew has no rate there.
    ...(isRate && { isCounter: true }),
    currentFilterType: 'literal_or',
    filters,
  };
}

const container = [grouping(typed('host')), grouping(typed('container'))];
const service = [typed('host'), grouping(typed('project')), grouping(typed('service'))];
const ofInterface = [...container, grouping(any('interface'))];
const host = [grouping(typed('host'))];

/** A gauge. A container that is recreated from another image is another series; mimmax joins the two without adding them. */
const gauge = (figure, filters = container) => query({ figure, aggregator: 'mimmax', downsample: 'avg', filters });
const sum = (figure, filters) => query({ figure, aggregator: 'zimsum', downsample: 'avg', filters });
const rate = (figure, filters = container) => query({ figure, aggregator: 'zimsum', downsample: 'max', filters, isRate: true });
const count = (figure) => query({ figure, aggregator: 'mimmax', downsample: 'max', filters: container });

const graph = (title, description, unit, target, options) => lines({ title, description, unit, source, targets: [target], ...options });
const stat = (title, description, target, options) => number({ title, description, source, targets: [target], unit: 'short', ...options });

const hint = 'A part of the tag\'s value, or a regular expression: shop, ^(web|worker)$; .* is any.';
const ofCompose = `${hint} For the panels by service.`;

const variables = [
  sourceVariable('opentsdb', 'Data source'),
  textVariable('docker', 'Prefix', 'docker', 'What --docker-prefix says'),
  textVariable('host', 'Host', '.*', hint),
  textVariable('project', 'Project', '.*', ofCompose),
  textVariable('service', 'Service', '.*', ofCompose),
  textVariable('container', 'Container', '.*', `${hint} For the panels by container.`),
  intervalVariable('At least as long as --docker-poll'),
];

/** Global annotations come with the answer to any query. The data source fills no variable into this metric. */
const events = {
  name: 'Exits, OOM kills and restarts',
  datasource: source,
  enable: true,
  hide: false,
  iconColor: 'orange',
  target: 'docker.host.containers.total',
  isGlobal: true,
};

const state = (value) => query({ figure: 'host.containers.state', aggregator: 'mimmax', downsample: 'avg', filters: [exactly('state', value), ...host] });

export const dockerDashboard = dashboard({
  uid: 'docker-containers',
  title: 'Docker: containers',
  description: 'The containers of Docker engines.',
  tags: ['docker', 'opentsdb'],
  variables,
  annotations: [events],
  rows: [
    { height: 5, panels: [
      stat('Running', 'Containers that run, by host.', state('running')),
      stat('All containers', 'Stopped ones included, by host.', gauge('host.containers.total', host)),
      stat('Poll', 'How long the last poll took, by host.', gauge('host.poll.duration', host), { unit: 'ns' }),
    ] },
    { panels: [
      graph('CPU by container', '100 % is one core.', 'percent', gauge('cpu.percent')),
      graph('Memory by container', 'Used, without the page cache, as `docker stats` counts it.', 'bytes', gauge('memory.used')),
    ] },
    { panels: [
      bars({ title: 'Memory of the limit', description: 'The largest share in the time shown. Without a limit, of the host\'s memory.', unit: 'percent', source, calc: 'max', targets: [gauge('memory.percent')] }),
      graph('Memory limit', 'Without a limit, the host\'s memory.', 'bytes', gauge('memory.limit')),
    ] },
    { panels: [
      graph('Received', 'Over all network interfaces of a container.', 'Bps', rate('network.rx_bytes')),
      graph('Sent', 'Over all network interfaces of a container.', 'Bps', rate('network.tx_bytes')),
    ] },
    { panels: [
      graph('Received by interface', 'Each network interface of a container.', 'Bps', rate('network.interface.rx_bytes', ofInterface)),
      graph('Packets dropped by interface', 'Incoming packets.', 'pps', rate('network.interface.rx_dropped', ofInterface)),
    ] },
    { panels: [
      graph('Read from block devices', 'By container. Reads that the page cache answers do not count.', 'Bps', rate('blkio.read_bytes')),
      graph('Written to block devices', 'By container.', 'Bps', rate('blkio.write_bytes')),
    ] },
    { panels: [
      graph('CPU throttling', 'Time that a container was held back by its CPU limit, per second.', 'ns', rate('cpu.throttled_time')),
      graph('Processes and threads', 'By container.', 'short', gauge('pids')),
    ] },
    { panels: [
      graph('Restarts', 'Since the bridge has started.', 'short', count('restarts')),
      graph('Exits', 'Since the bridge has started.', 'short', count('exits')),
      graph('OOM kills', 'Since the bridge has started.', 'short', count('oom_kills')),
    ] },
    { panels: [
      graph('CPU by service', 'The sum over the containers of a Compose service.', 'percent', sum('cpu.percent', service)),
      graph('Memory by service', 'The sum over the containers of a Compose service.', 'bytes', sum('memory.used', service)),
    ] },
    { panels: [
      graph('Received by service', 'The sum over the containers of a Compose service.', 'Bps', rate('network.rx_bytes', service)),
      graph('Sent by service', 'The sum over the containers of a Compose service.', 'Bps', rate('network.tx_bytes', service)),
    ] },
    { panels: [
      graph('Containers by state', 'Over all hosts that are chosen.', 'short', sum('host.containers.state', [typed('host'), grouping(any('state'))]), { stack: 'normal' }),
      graph('Duration of a poll', 'From the listing to the last container, by host.', 'ns', gauge('host.poll.duration', host)),
    ] },
  ],
});
