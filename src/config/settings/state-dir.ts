// Chooses the state directory where nobody has set one.

import { join } from 'node:path';

const name = 'catchpoint-opentsdb-bridge';

export interface StateDirChoice {
  readonly path: string;
  /** Where it comes from: the variable, or `default`. */
  readonly origin: string;
}

/**
 * systemd's $STATE_DIRECTORY (the first of them), else the directory below /var/lib where that can be written, else the one
 * below $XDG_STATE_HOME or ~/.local/state. Undefined when there is not even a home.
 *
 * @param canWriteIn - whether the directory can be written, or made
 */
export function chooseStateDir(
  env: Readonly<Record<string, string | undefined>>,
  canWriteIn: (path: string) => boolean,
): StateDirChoice | undefined {
  const [fromSystemd] = (env['STATE_DIRECTORY'] ?? '').split(':');
  if (fromSystemd !== undefined && fromSystemd !== '') return { path: fromSystemd, origin: 'STATE_DIRECTORY' };
  const ofTheSystem = join('/var/lib', name);
  if (canWriteIn(ofTheSystem)) return { path: ofTheSystem, origin: 'default' };
  const ofTheUser = env['XDG_STATE_HOME'] ?? '';
  if (ofTheUser.startsWith('/')) return { path: join(ofTheUser, name), origin: 'XDG_STATE_HOME' };
  const home = env['HOME'] ?? '';
  return home === '' ? undefined : { path: join(home, '.local/state', name), origin: 'default' };
}
