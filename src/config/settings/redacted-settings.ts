// The settings as `check` shows them: values in effect without the secrets, and where they come from.

import { defaultWordsOf, nameOf } from './names.ts';
import type { ResolvedSettings } from './origins.ts';
import { settingEntries } from './settings.ts';

/** A setting as `check` shows it: its value without secrets, and where it comes from. */
export interface RedactedSetting {
  readonly name: string;
  readonly value: string;
  /** Such as `--listen`, `CATCHPOINT_BRIDGE_LISTEN`, `bridge.yaml:3` or `default`. */
  readonly origin: string;
}

/** Every setting, in the order of the table. */
export function redactedSettings({ origins, texts }: ResolvedSettings): RedactedSetting[] {
  return settingEntries.map(([key, setting]) => {
    const { rank, where } = origins[key];
    const mask = setting.isSecret === true ? () => '***' : (setting.masked ?? ((text: string) => text));
    const value = rank === 0 ? defaultWordsOf(setting) : texts[key].map(mask).join(', ');
    return { name: nameOf(key), value: value ?? '', origin: rank === 1 ? where.replace(/: [^:]*$/, '') : where };
  });
}
