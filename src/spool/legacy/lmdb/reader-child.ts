// Starts the process that reads the legacy store, and sends it requests. A damaged page can crash lmdb, but only in
// that process.

import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../../../runtime/clock.ts';
import type { Entries, Opened, LegacyRequest, Records, Unreadable } from './requests.ts';
import { LegacyStoreUnreadable } from './unreadable.ts';

export interface ReaderOptions {
  readonly clock: Clock;
  /** Kills the process. */
  readonly signal: AbortSignal;
}

type WithoutId<R> = R extends unknown ? Omit<R, 'id'> : never;

export interface ReaderChild {
  readonly pid: number | undefined;
  readonly opened: Promise<Opened>;
  /** @throws LegacyStoreUnreadable if the process dies before it responds */
  request<R extends WithoutId<LegacyRequest>>(request: R): Promise<Unreadable | ResponseTo<R>>;
  close(): Promise<void>;
}

type ResponseTo<R> = R extends { readonly recordsFrom: number } ? Records : Entries;

const program = new URL('../../../main.js', import.meta.url);
/** A process is killed after so many checks without a response. The time that a machine sleeps does not count. */
const maxSilentChecks = 6;
const checkMs = 10_000;
/** The first line has no id. */
const openedId = 0;

/** Runs the command `former-store` on a directory. */
export function startReader(directory: string, { clock, signal }: ReaderOptions): ReaderChild {
  const child = fork(program, ['former-store', directory], { stdio: ['pipe', 'pipe', 'ignore', 'ipc'], execArgv: [] });
  const responses = pendingResponses();
  const ended = new AbortController();
  let lastId = openedId;

  const kill = (reason?: unknown): void => {
    if (reason !== undefined) responses.failWith(reason);
    child.kill('SIGKILL');
  };
  const closed = new Promise<void>((resolve) => {
    const end = (error: unknown): void => {
      responses.failWith(error);
      ended.abort();
      responses.end();
      resolve();
    };
    child.once('error', (error) => end(startFailure(directory, error)));
    child.once('close', (code, killedBy) =>
      end(deathOf(directory, code, killedBy, responses.silentChecks() >= maxSilentChecks)),
    );
  });
  readLines(child, (line) => {
    if (!responses.receive(line))
      kill(new LegacyStoreUnreadable(`spool in ${directory}: what was read of it is no JSON`));
  });
  signal.addEventListener('abort', () => kill(signal.reason), { once: true, signal: ended.signal });
  if (signal.aborted) kill(signal.reason);
  void killIfSilent();

  async function killIfSilent(): Promise<void> {
    while (!ended.signal.aborted) {
      await clock.sleep(checkMs, { signal: ended.signal }).catch(() => {});
      if (responses.check() >= maxSilentChecks) kill();
    }
  }
  return {
    pid: child.pid,
    opened: responses.next(openedId),
    request(request) {
      lastId += 1;
      const response = responses.next<Unreadable | ResponseTo<typeof request>>(lastId);
      child.stdin?.write(`${JSON.stringify({ ...request, id: lastId })}\n`);
      return response;
    },
    async close() {
      kill(new Error('the former spool is closed'));
      await closed;
    },
  };
}

function pendingResponses() {
  const pending = new Map<number, { resolve(line: unknown): void; reject(error: unknown): void }>();
  let failure: { readonly error: unknown } | undefined;
  let isEnded = false;
  let silentChecks = 0;
  return {
    next<T>(id: number): Promise<T> {
      return new Promise((resolve, reject) => {
        if (isEnded) return reject(failure?.error);
        if (pending.size === 0) silentChecks = 0;
        pending.set(id, { resolve, reject });
      });
    },
    /** Returns false if the line is not a pending response. After a failure, lines that were on their way are ignored. */
    receive(line: string): boolean {
      silentChecks = 0;
      if (failure !== undefined) return true;
      const response = parsed(line);
      if (response === undefined) return false;
      const id = response.id ?? openedId;
      pending.get(id)?.resolve(response);
      return pending.delete(id);
    },
    /** Counts the checks since the last line, while a response is pending. */
    check: () => (silentChecks += pending.size > 0 ? 1 : 0),
    silentChecks: () => silentChecks,
    /** Sets the error of all later failures; the first one holds. */
    failWith: (error: unknown) => void (failure ??= { error }),
    /** Rejects all pending and all later requests. */
    end() {
      isEnded = true;
      for (const { reject } of pending.values()) reject(failure?.error);
      pending.clear();
    },
  };
}

function parsed(line: string): { readonly id?: number } | undefined {
  try {
    return JSON.parse(line) as { readonly id?: number };
  } catch {
    return undefined;
  }
}

/** Omits an incomplete last line, which a process leaves that dies while it writes. */
function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = chunk.split('\n');
    lines[0] = `${rest}${lines[0]}`;
    rest = lines.pop() as string;
    for (const line of lines) onLine(line);
  });
  // The `close` event reports the end of the process.
  child.stdin?.on('error', () => {});
}

/** After sysexits: the system could not start the process; the process failed. */
const osError = 71;
const softwareError = 70;

function startFailure(directory: string, { message }: Error): LegacyStoreUnreadable {
  return new LegacyStoreUnreadable(`spool in ${directory}: the process that reads it cannot be started: ${message}`, {
    exitCode: osError,
  });
}

function deathOf(
  directory: string,
  code: number | null,
  signal: string | null,
  isSilent: boolean,
): LegacyStoreUnreadable {
  if (isSilent) return new LegacyStoreUnreadable(`spool in ${directory}: reading it came to no end`);
  return new LegacyStoreUnreadable(
    `spool in ${directory}: reading it ended the process (${signal ?? `exit code ${code}`})`,
    { endedBy: signal ?? undefined, exitCode: code === null ? undefined : code || softwareError },
  );
}
