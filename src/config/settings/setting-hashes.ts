// Hashes of the settings. A reload compares them to detect changes, so that no secret has to be stored.

import { hash } from 'node:crypto';
import type { ResolvedSettings } from './origins.ts';
import { settingEntries, type SettingKey } from './settings.ts';

export type SettingHashes = Readonly<Record<SettingKey, string>>;

/** @param stampOf - changes with the file; undefined if the file cannot be read */
export function settingHashes(
  { texts }: ResolvedSettings,
  stampOf: (path: string) => string | undefined,
): SettingHashes {
  const hashes = settingEntries.map(([key, { isWatchedFile }]) => {
    const stamps = isWatchedFile === true ? texts[key].map((path) => stampOf(path) ?? 'none') : [];
    return [key, hash('sha256', JSON.stringify([texts[key], stamps]))];
  });
  return Object.fromEntries(hashes) as SettingHashes;
}
