// The connection to the engine: negotiates when needed, and logs an outage and its end with one line each.

import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Engine, EngineError, EngineInfo } from './engine/engine.ts';
import type { DockerStatus } from './status.ts';

export interface Connection {
  /** Connects unless it is connected. Callers share one attempt. @throws EngineError */
  open(signal: AbortSignal): Promise<EngineInfo>;
  /** Records that the engine has listed its containers. */
  succeeded(): void;
  /** Records that it has not. The next `open` connects again. */
  failed(error: EngineError): void;
  /** Makes the next `open` connect again: the engine went away, and may come back as another version. */
  lost(): void;
  status(): Pick<DockerStatus, 'engine' | 'lastError' | 'failingSinceMs'>;
}

interface ConnectionOptions {
  readonly engine: Pick<Engine, 'address' | 'connect'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export function connection({ engine, clock, log }: ConnectionOptions): Connection {
  const { address } = engine;
  let info: EngineInfo | undefined;
  let isConnected = false;
  let opening: Promise<EngineInfo> | undefined;
  let lastError: string | undefined;
  let failingSinceMs: number | undefined;
  /** The engine that the last line says answers; undefined: none, or the last line says that it fails. */
  let loggedInfo: string | undefined;
  let isFailureLogged = false;

  async function connect(signal: AbortSignal): Promise<EngineInfo> {
    try {
      info = await engine.connect(signal);
      isConnected = true;
      return info;
    } finally {
      opening = undefined;
    }
  }

  return {
    async open(signal) {
      if (isConnected && info !== undefined) return info;
      opening ??= connect(signal);
      return opening;
    },
    succeeded() {
      lastError = undefined;
      failingSinceMs = undefined;
      isFailureLogged = false;
      const current = JSON.stringify(info);
      if (loggedInfo === current) return;
      loggedInfo = current;
      log.info({ address, ...info }, 'the Docker engine answers');
    },
    failed(error) {
      isConnected = false;
      lastError = error.message;
      failingSinceMs ??= clock.now();
      if (isFailureLogged) return;
      isFailureLogged = true;
      loggedInfo = undefined;
      log.warn({ address, reason: error.message }, 'the Docker engine does not answer; no container is sampled');
    },
    lost: () => void (isConnected = false),
    status: () => ({ engine: info, lastError, failingSinceMs }),
  };
}
