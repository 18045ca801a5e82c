// The names of a setting as flag, environment variable and file key, and the text of its default.

import type { Setting } from './setting.ts';

/** The long flag without its dashes and the key in a configuration file: `tsdbHost` → `tsdb-host`. */
export function nameOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export const environmentPrefix = 'CATCHPOINT_BRIDGE_';

/** `CATCHPOINT_BRIDGE_TSDB_HOST` */
export function environmentNameOf(key: string): string {
  return `${environmentPrefix}${nameOf(key).replaceAll('-', '_').toUpperCase()}`;
}

/** The variable that replaces the flag. For a switch with the value that changes its default: `…_TIMINGS=true`. */
export function environmentTextOf(
  key: string,
  { kind, default: defaultText }: Pick<Setting<unknown>, 'kind' | 'default'>,
): string {
  return `${environmentNameOf(key)}${kind === 'switch' ? `=${defaultText === 'true' ? 'false' : 'true'}` : ''}`;
}

/** The flag that changes the default: `--tsdb-host`, `--no-assign-uids`. */
export function flagOf(key: string, setting: Setting<unknown>): string {
  return setting.kind === 'switch' && setting.default === 'true' ? `--no-${nameOf(key)}` : `--${nameOf(key)}`;
}

/** The default in the help, docs/configuration.md and `check`. */
export function defaultTextOf(setting: Setting<unknown>): string | undefined {
  return setting.defaultText ?? setting.default;
}
