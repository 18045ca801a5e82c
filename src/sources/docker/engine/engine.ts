// The Docker Engine API as the source uses it: version negotiation, containers, their statistics, and events.

/** The engine behind the address, as of the last successful connect. */
export interface EngineInfo {
  /** Such as `20.10.24`; empty if the engine does not tell it. */
  readonly version: string;
  /** The API version that the requests use, such as `1.41`. */
  readonly apiVersion: string;
  /** `linux`, `windows`. */
  readonly osType: string;
  /** `Podman` or `Docker`. */
  readonly product: 'Docker' | 'Podman';
  /** 1 or 2; undefined where neither /info nor a sample tells it. */
  readonly cgroupVersion: 1 | 2 | undefined;
  /** The name of the engine's machine by /info; undefined where /info is not allowed. */
  readonly hostname: string | undefined;
}

/** A container in /containers/json?all=1. */
export interface ListedContainer {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Without the leading slash; the id without a name. */
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. Empty before API 1.23. */
  readonly state: string;
  readonly isRunning: boolean;
}

/** The part of /containers/ID/json that the source needs. */
export interface ContainerDetails {
  /** ms since 1970 UTC; undefined for a container that never started. */
  readonly startedAtMs: number | undefined;
}

/** An event of a container. */
export interface ContainerEvent {
  readonly id: string;
  readonly name: string;
  /** Such as `start`, `die`, `oom`, `restart`, `rename`, `destroy`, `update`. Podman's names are translated. */
  readonly action: string;
  /** ms since 1970 UTC */
  readonly atMs: number;
  /** Nanoseconds since 1970 UTC as decimal text; the `since` of a resumed stream. */
  readonly atNs: string;
  readonly exitCode: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string | undefined;
}

/** An error of the engine, or no answer. The message says what was asked and what was found, without secrets. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  /** The HTTP status; undefined without an answer. */
  readonly status: number | undefined;
  readonly isTimeout: boolean;
  constructor(
    message: string,
    {
      status,
      isTimeout = false,
      cause,
    }: { readonly status?: number; readonly isTimeout?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.status = status;
    this.isTimeout = isTimeout;
  }
}

export interface Engine {
  /** The address without user and password, such as `unix:///var/run/docker.sock`. */
  readonly address: string;
  /** Negotiates the API version. To be called before the others, and again after the engine was away. @throws EngineError */
  connect(signal: AbortSignal): Promise<EngineInfo>;
  /** Every container, stopped ones included. @throws EngineError */
  containers(signal: AbortSignal): Promise<readonly ListedContainer[]>;
  /** Undefined: there is no such container any more. @throws EngineError */
  details(id: string, signal: AbortSignal): Promise<ContainerDetails | undefined>;
  /**
   * One sample, parsed without loss: numbers are LosslessNumber. Undefined: there is no such container any more.
   * From API 1.41 on it is a one-shot sample. @throws EngineError
   */
  stats(id: string, signal: AbortSignal): Promise<unknown>;
  /**
   * Container events from `sinceNs` on, until the stream ends. @throws EngineError
   *
   * @param onOpen - called when the engine has accepted the request
   */
  events(sinceNs: string | undefined, signal: AbortSignal, onOpen?: () => void): AsyncIterable<ContainerEvent>;
  close(): void;
}
