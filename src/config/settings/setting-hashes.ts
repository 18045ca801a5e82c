// What each setting comes to, made comparable: equal as long as nothing changes, and told to nobody.

import { hash } from 'node:crypto';
import type { ResolvedSettings } from './origins.ts';
import { settingEntries, type SettingKey } from './settings.ts';

export type SettingHashes = Readonly<Record<SettingKey, string>>;

/**
 * @param stampOf - changes when the file does; undefined where it cannot be looked at
 */
export function settingHashes(
  { texts }: ResolvedSettings,
  stampOf: (path: string) => string | undefined,
): SettingHashes {
  const digests = settingEntries.map(([key, { isWatchedFile }]) => {
    const stamps = isWatchedFile === true ? texts[key].map((path) => stampOf(path) ?? 'none') : [];
    return [key, hash('sha256', JSON.stringify([texts[key], stamps]))];
  });
  return Object.fromEntries(digests) as SettingHashes;
}
