// Chooses the state directory if --state-dir is not set.

import { join } from 'node:path';

const directoryName = 'catchpoint-opentsdb-bridge';

export interface StateDirChoice {
  readonly path: string;
  /** The environment variable, or `default`. */
  readonly origin: string;
}

/**
 * The first directory of systemd's $STATE_DIRECTORY, or the one in /var/lib if it is writable, or the one in
 * $XDG_STATE_HOME or ~/.local/state. Undefined if none of these applies.
 *
 * @param canWriteIn - whether the directory is writable or can be made
 */
export function chooseStateDir(
  env: Readonly<Record<string, string | undefined>>,
  canWriteIn: (path: string) => boolean,
): StateDirChoice | undefined {
  const [fromSystemd] = (env['STATE_DIRECTORY'] ?? '').split(':');
  if (fromSystemd !== undefined && fromSystemd !== '') return { path: fromSystemd, origin: 'STATE_DIRECTORY' };
  const systemState = join('/var/lib', directoryName);
  if (canWriteIn(systemState)) return { path: systemState, origin: 'default' };
  const userState = env['XDG_STATE_HOME'] ?? '';
  if (userState.startsWith('/')) return { path: join(userState, directoryName), origin: 'XDG_STATE_HOME' };
  const home = env['HOME'] ?? '';
  return home === '' ? undefined : { path: join(home, '.local/state', directoryName), origin: 'default' };
}
