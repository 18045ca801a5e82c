// The measures of the node directory.

import { by, type Metric, seconds, single } from './metric.ts';

export const nodeMetrics: readonly Metric[] = [
  {
    name: 'nodes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Nodes in the directory, those included that vanished within the last seven days',
    read: ({ nodes }) => single(nodes.known),
  },
  {
    name: 'nodes_refreshed_timestamp_seconds',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'When the directory was last read anew; absent before the first time',
    read: ({ nodes }) => single(seconds(nodes.refreshedAtMs)),
  },
  {
    name: 'nodes_refresh_interval_seconds',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'How often it is to be',
    read: ({ nodes }) => single(seconds(nodes.everyMs)),
  },
  {
    name: 'nodes_refreshes_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: undefined,
    help: 'Refreshes: succeeded, or failed, which leaves the directory as it is',
    read: ({ nodes }) => by('outcome', { succeeded: nodes.refreshes, failed: nodes.failures }),
  },
  {
    name: 'nodes_changes_total',
    type: 'counter',
    labels: ['change'],
    alarm: undefined,
    help: 'Nodes that a refresh has added, removed, renamed, or moved to another AS or ISP',
    read: ({ nodes: { changes } }) =>
      by('change', {
        added: changes.added,
        removed: changes.removed,
        renamed: changes.renamed,
        moved_asn: changes.movedAsn,
        moved_isp: changes.movedIsp,
      }),
  },
];
