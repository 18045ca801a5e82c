// The status of the Docker source, for health, metrics, status page and `top`.

import type { EngineInfo } from './engine/engine.ts';

export interface DockerStatus {
  /** Without user and password. */
  readonly address: string;
  /** Undefined until the engine has answered. */
  readonly engine: EngineInfo | undefined;
  /** Why the engine does not answer; undefined while it does. */
  readonly lastError: string | undefined;
  /** ms since 1970 UTC; undefined while the engine answers. */
  readonly failingSinceMs: number | undefined;
  /** Containers of the last listing by state. */
  readonly containers: Readonly<Record<string, number>>;
  /** Containers that include and exclude leave out, in the last listing. */
  readonly excluded: number;
  /** Undefined before the first one. */
  readonly lastPoll: PollSummary | undefined;
  /** Since the start. `late`: skipped because the one before was not over. `failed`: the engine did not list containers. */
  readonly polls: { readonly completed: number; readonly late: number; readonly failed: number };
  readonly samples: number;
  /** Samples that gave no points, by reason; see SkipReason. Stopped containers are not counted. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly events: {
    readonly isConnected: boolean;
    readonly exits: number;
    readonly oomKills: number;
    readonly restarts: number;
    /** Why the stream is not open; undefined while it is. */
    readonly lastError: string | undefined;
  };
}

export interface PollSummary {
  /** The begin, ms since 1970 UTC. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly samples: number;
  readonly points: number;
  /** By reason. */
  readonly skipped: Readonly<Record<string, number>>;
}
