// Tells the service manager that started the process (systemd, `Type=notify`) when it takes pushes, and when it stops.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Log } from '../runtime/log.ts';

/** What the service manager is told; resolves when it has taken it. */
export interface SystemdNotify {
  ready(status: string): Promise<void>;
  stopping(): Promise<void>;
}

/** Runs a program to its end; rejects when it fails. */
export type RunToEnd = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => Promise<unknown>;

/** A manager that does not take it must not keep the bridge from stopping. */
const timeoutMs = 10_000;

const execute = promisify(execFile);
const runToEnd: RunToEnd = (file, args, env) => execute(file, [...args], { env, timeout: timeoutMs });

/**
 * The socket that `$NOTIFY_SOCKET` names; without the variable nobody is told. It is one of datagrams, which Node has not in
 * the unix domain, so systemd's own `systemd-notify` speaks to it (the unit must say `NotifyAccess=all`), and waits until what
 * it said was taken. What cannot be told is logged: the bridge runs on, and systemd ends it when the start takes too long.
 */
export function systemdNotify(env: NodeJS.ProcessEnv, log: Log, run: RunToEnd = runToEnd): SystemdNotify {
  const { NOTIFY_SOCKET: socket, PATH: path } = env;
  async function tell(...states: string[]): Promise<void> {
    if (socket === undefined || socket === '') return;
    try {
      await run('systemd-notify', states, { NOTIFY_SOCKET: socket, ...(path !== undefined && { PATH: path }) });
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'systemd could not be told; it needs systemd-notify');
    }
  }
  return {
    ready: (status) => tell('READY=1', `STATUS=${status.replaceAll(/\s+/g, ' ')}`),
    stopping: () => tell('STOPPING=1', 'STATUS=what is in hand is finished'),
  };
}
