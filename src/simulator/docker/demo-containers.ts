// The containers of the demo: three Compose projects on one machine, two of whose containers fail now and then.

import type { ContainerSpec } from './container.ts';

const mebibyte = 1024 * 1024;

/** One crashes and is started again, one is OOM-killed, one has ended. */
export function demoContainers(): readonly ContainerSpec[] {
  return [
    composed('shop', 'web', 1, { image: 'nginx:1.29', interfaces: ['eth0', 'eth1'] }),
    composed('shop', 'web', 2, { image: 'nginx:1.29', interfaces: ['eth0', 'eth1'] }),
    composed('shop', 'api', 1, { image: 'shop/api:4.2', cpus: 0.5, memoryLimitBytes: 512 * mebibyte }),
    composed('shop', 'db', 1, { image: 'postgres:18', memoryLimitBytes: 1024 * mebibyte }),
    composed('shop', 'migrate', 1, { image: 'shop/api:4.2', state: 'exited' }),
    composed('blog', 'web', 1, { image: 'caddy:2' }),
    composed('blog', 'php', 1, { image: 'php:8.4-fpm', cpus: 0.25, memoryLimitBytes: 256 * mebibyte }),
    composed('blog', 'db', 1, { image: 'mariadb:11' }),
    composed('reports', 'scheduler', 1, { image: 'reports:7', crashEveryMs: 4 * 60_000 }),
    composed('reports', 'renderer', 1, {
      image: 'reports:7',
      memoryLimitBytes: 192 * mebibyte,
      oomEveryMs: 7 * 60_000,
    }),
    composed('reports', 'cache', 1, { image: 'valkey:9', memoryLimitBytes: 128 * mebibyte }),
    composed('reports', 'archive', 1, { image: 'reports:7', interfaces: [], state: 'paused' }),
  ];
}

/** A container as Compose names and labels it. */
function composed(project: string, service: string, number: number, spec: Omit<ContainerSpec, 'name'>): ContainerSpec {
  return {
    ...spec,
    name: `${project}-${service}-${number}`,
    hasRestartPolicy: spec.state === undefined,
    labels: {
      'com.docker.compose.container-number': String(number),
      'com.docker.compose.project': project,
      'com.docker.compose.service': service,
    },
  };
}
