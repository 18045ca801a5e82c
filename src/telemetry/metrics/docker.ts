// The metrics of the Docker source: the engine, its containers, polls, samples and events. All are absent without --docker.

import { type Metric, samplesBy, toSeconds } from './metric.ts';

const engineMetrics: readonly Metric[] = [
  {
    name: 'docker_engine_up',
    type: 'gauge',
    help: '1 while the Docker engine answers, 0 otherwise; only with --docker',
    read: ({ docker }) => docker && Number(docker.failingSinceMs === undefined && docker.engine !== undefined),
  },
  {
    name: 'docker_engine_info',
    type: 'gauge',
    labels: ['product', 'version', 'api_version', 'cgroup'],
    help: 'Always 1; its labels are the engine, its version, the API version in use and the cgroup version; absent before the engine has answered',
    read({ docker }) {
      if (docker?.engine === undefined) return undefined;
      const { product, version, apiVersion, cgroupVersion } = docker.engine;
      const cgroup = cgroupVersion === undefined ? 'unknown' : `v${cgroupVersion}`;
      return [{ labels: { product, version, api_version: apiVersion, cgroup }, value: 1 }];
    },
  },
  {
    name: 'docker_containers',
    type: 'gauge',
    labels: ['state'],
    help: 'Containers by state, as the engine listed them last',
    read: ({ docker }) => samplesBy('state', docker?.containers),
  },
  {
    name: 'docker_containers_excluded',
    type: 'gauge',
    help: 'Containers that --docker-include and --docker-exclude leave out',
    read: ({ docker }) => docker?.excluded,
  },
];

const pollMetrics: readonly Metric[] = [
  {
    name: 'docker_polls_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Polls: completed, late (skipped, because the poll before was not over), or failed (the engine listed no containers)',
    read: ({ docker }) => samplesBy('outcome', docker && { ...docker.polls }),
  },
  {
    name: 'docker_poll_duration_seconds',
    type: 'gauge',
    help: 'How long the last poll took; absent before the first one',
    read: ({ docker }) => toSeconds(docker?.lastPoll?.durationMs),
  },
  {
    name: 'docker_last_poll_timestamp_seconds',
    type: 'gauge',
    help: 'When the last poll began; absent before the first one',
    read: ({ docker }) => toSeconds(docker?.lastPoll?.atMs),
  },
  {
    name: 'docker_samples_total',
    type: 'counter',
    help: 'Samples of containers that became points',
    read: ({ docker }) => docker?.samples,
  },
  {
    name: 'docker_skipped_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Samples that became no points, by reason; stopped containers are not counted',
    read: ({ docker }) => samplesBy('reason', docker?.skipped),
  },
];

const eventMetrics: readonly Metric[] = [
  {
    name: 'docker_events_total',
    type: 'counter',
    labels: ['event'],
    help: 'Events of containers: exit, oom_kill or restart',
    read: ({ docker }) =>
      samplesBy(
        'event',
        docker && { exit: docker.events.exits, oom_kill: docker.events.oomKills, restart: docker.events.restarts },
      ),
  },
  {
    name: 'docker_events_connected',
    type: 'gauge',
    help: "1 while the engine's stream of events is open, 0 otherwise",
    read: ({ docker }) => docker && Number(docker.events.isConnected),
  },
];

export const dockerMetrics: readonly Metric[] = [...engineMetrics, ...pollMetrics, ...eventMetrics];
