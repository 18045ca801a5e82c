// Reports readiness and stopping to systemd (`Type=notify`).

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Log } from '../runtime/log.ts';

/** Each call resolves when systemd has read the message, or when it could not be sent. */
export interface SystemdNotify {
  ready(status: string): Promise<void>;
  stopping(): Promise<void>;
}

/** Runs a program; rejects when it fails. */
type RunProgram = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => Promise<unknown>;

/** Bounds how long a stuck service manager delays the stop. */
const timeoutMs = 10_000;

const execute = promisify(execFile);
const runProgram: RunProgram = (file, args, env) => execute(file, [...args], { env, timeout: timeoutMs });

/**
 * Writes to the socket that `$NOTIFY_SOCKET` names; does nothing without the variable. A failure is logged.
 *
 * The socket takes datagrams, which Node cannot send in the unix domain. So the program `systemd-notify` sends them.
 * The unit therefore needs `NotifyAccess=all`.
 */
export function systemdNotify(env: NodeJS.ProcessEnv, log: Log, run: RunProgram = runProgram): SystemdNotify {
  const { NOTIFY_SOCKET: socket, PATH: path } = env;
  async function send(...states: string[]): Promise<void> {
    if (socket === undefined || socket === '') return;
    try {
      await run('systemd-notify', states, { NOTIFY_SOCKET: socket, ...(path !== undefined && { PATH: path }) });
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'systemd could not be told; it needs systemd-notify');
    }
  }
  return {
    ready: (status) => send('READY=1', `STATUS=${status.replaceAll(/\s+/g, ' ')}`),
    stopping: () => send('STOPPING=1', 'STATUS=what is in hand is finished'),
  };
}
