// The Docker source: polls the containers of an engine and delivers their figures.

import type { Deliver, TimeUnit } from '../../model/point.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { DockerStatus } from './status.ts';

/** The settings of the source. */
export interface DockerSettings {
  /** unix:///path, http://host:port, https://host:port or tcp://host:port. */
  readonly url: string;
  /** tcp:// speaks TLS. https:// always does. */
  readonly isTls: boolean;
  /** A directory with ca.pem, cert.pem and key.pem, each of which may be missing. */
  readonly certDirectory: string | undefined;
  readonly pollMs: number;
  /** JSON array of {regexp, into, category}; undefined: none. */
  readonly rules: string | undefined;
  /** `name=GLOB`, `label=NAME` or `label=NAME=GLOB`. A container is polled if it matches any; empty: all. */
  readonly include: readonly string[];
  /** The same; a container that matches any is not polled. */
  readonly exclude: readonly string[];
  /** Labels that become tags. */
  readonly labelTags: readonly { readonly label: string; readonly tag: string }[];
  readonly naming: 'legacy' | 'tags';
  /** The first part of every metric, with a dot behind it; empty: none. */
  readonly prefix: string;
  /** `original`: those of docker-stats-to-backstop alone. */
  readonly figures: 'all' | 'original';
  /** The host in names and tags; undefined: the engine's own name, or that of this machine. */
  readonly hostname: string | undefined;
  /** Containers that are asked at once. */
  readonly concurrency: number;
}

export interface DockerOptions extends DockerSettings {
  readonly unit: TimeUnit;
  /** The name of this machine. */
  readonly machineName: string | undefined;
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface Docker {
  /** Polls until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  status(): DockerStatus;
}

export function openDocker(options: DockerOptions): Docker {
  throw new Error(`not there yet: ${options.url}`);
}
