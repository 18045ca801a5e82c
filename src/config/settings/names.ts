// How a setting is called in each place, and how its default is shown there.

import type { Setting } from './kinds.ts';

/** `tsdb-host`: the long flag without its dashes, and the key in a configuration file. */
export function nameOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export const environmentPrefix = 'CATCHPOINT_BRIDGE_';

/** `CATCHPOINT_BRIDGE_TSDB_HOST` */
export function environmentNameOf(key: string): string {
  return `${environmentPrefix}${nameOf(key).replaceAll('-', '_').toUpperCase()}`;
}

/** What the environment takes for the flag: the name, for a switch with the value that changes the default. */
export function environmentWordsOf(
  key: string,
  { kind, default: byDefault }: Pick<Setting<unknown>, 'kind' | 'default'>,
): string {
  return `${environmentNameOf(key)}${kind === 'switch' ? `=${byDefault === 'true' ? 'false' : 'true'}` : ''}`;
}

/** The flag that changes the default: `--tsdb-host`, `--no-assign-uids`. */
export function flagOf(key: string, setting: Setting<unknown>): string {
  return setting.kind === 'switch' && setting.default === 'true' ? `--no-${nameOf(key)}` : `--${nameOf(key)}`;
}

/** The default as it is shown in the help, docs/configuration.md and by `check`; undefined where there is none. */
export function defaultWordsOf(setting: Setting<unknown>): string | undefined {
  return setting.defaultWords ?? setting.default;
}
