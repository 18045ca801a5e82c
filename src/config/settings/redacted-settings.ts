// The settings for `check`: effective values without secrets, and their origins.

import { withoutPassword } from './addresses.ts';
import { defaultTextOf, nameOf } from './names.ts';
import type { ResolvedSettings } from './origins.ts';
import { settingEntries } from './settings.ts';

export interface RedactedSetting {
  readonly name: string;
  readonly value: string;
  /** Examples: `--listen`, `CATCHPOINT_BRIDGE_LISTEN`, `bridge.yaml:3`, `default`. */
  readonly origin: string;
}

/** Every setting, in the order of the help. */
export function redactedSettings({ origins, texts }: ResolvedSettings): RedactedSetting[] {
  return settingEntries.map(([key, setting]) => {
    const { rank, where } = origins[key];
    const redact = setting.isSecret === true ? () => '***' : (setting.redact ?? ((text: string) => text));
    const value = rank === 0 ? defaultTextOf(setting) : texts[key].map(redact).join(', ');
    return { name: nameOf(key), value: value ?? '', origin: rank === 1 ? where.replace(/: [^:]*$/, '') : where };
  });
}

/** Members of Config that settings which are not set, or not set to a value, are derived to. */
interface DerivedValues {
  readonly stateDir: string;
  readonly file: { readonly path: string } | undefined;
  readonly docker: { readonly url: string } | undefined;
}

/** @param stateDirOrigin - of a state directory that is not set; undefined: it is */
export function withDerivedValue(
  setting: RedactedSetting,
  { stateDir, file, docker }: DerivedValues,
  stateDirOrigin: string | undefined,
): RedactedSetting {
  const { name } = setting;
  if (name === 'state-dir' && stateDirOrigin !== undefined)
    return { ...setting, value: stateDir, origin: stateDirOrigin };
  if (name === 'docker' && setting.value === 'env')
    return { ...setting, value: `env: ${withoutPassword(docker?.url ?? '')}` };
  if (name === 'file' && setting.origin === 'default') return { ...setting, value: file?.path ?? '' };
  if (name === 'file-mode' && file !== undefined) return { ...setting, value: 'true' };
  return setting;
}
