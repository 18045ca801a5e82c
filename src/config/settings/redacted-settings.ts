// The settings for `check`: effective values without secrets, and their origins.

import { defaultWordsOf, nameOf } from './names.ts';
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
    const redact = setting.isSecret === true ? () => '***' : (setting.masked ?? ((text: string) => text));
    const value = rank === 0 ? defaultWordsOf(setting) : texts[key].map(redact).join(', ');
    return { name: nameOf(key), value: value ?? '', origin: rank === 1 ? where.replace(/: [^:]*$/, '') : where };
  });
}
