// The metrics of the node directory.

import { type Metric, samplesBy, toSeconds } from './metric.ts';

export const nodeMetrics: readonly Metric[] = [
  {
    name: 'nodes',
    type: 'gauge',
    help: 'Nodes in the directory, those included that vanished within the last seven days',
    read: ({ nodes }) => nodes.known,
  },
  {
    name: 'nodes_refreshed_timestamp_seconds',
    type: 'gauge',
    help: 'When the directory was last read anew; absent before the first time',
    read: ({ nodes }) => toSeconds(nodes.refreshedAtMs),
  },
  {
    name: 'nodes_refresh_interval_seconds',
    type: 'gauge',
    help: 'How often it is to be',
    read: ({ nodes }) => toSeconds(nodes.everyMs),
  },
  {
    name: 'nodes_refreshes_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Refreshes: succeeded, or failed, which leaves the directory as it is',
    read: ({ nodes }) => samplesBy('outcome', { succeeded: nodes.refreshes, failed: nodes.failures }),
  },
  {
    name: 'nodes_changes_total',
    type: 'counter',
    labels: ['change'],
    help: 'Nodes that a refresh has added, removed, renamed, or moved to another AS or ISP',
    read: ({ nodes: { changes } }) =>
      samplesBy('change', {
        added: changes.added,
        removed: changes.removed,
        renamed: changes.renamed,
        moved_asn: changes.movedAsn,
        moved_isp: changes.movedIsp,
      }),
  },
];
