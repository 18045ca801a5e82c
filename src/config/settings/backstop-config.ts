// What the settings say of what is taken in Backstop's place.

import type { ListenAddress } from './addresses.ts';
import type { SettingValues } from './settings.ts';

export interface BackstopConfig {
  readonly listen: ListenAddress;
  readonly naming: 'legacy' | 'tags';
  /** `user:password` pairs. */
  readonly auth: readonly string[];
  readonly prefixes: readonly string[];
  /** Stands before every name, with a dot. */
  readonly prefix: string | undefined;
  readonly githubSecrets: readonly string[];
  readonly pagerDutySecrets: readonly string[];
  /** A types.db. */
  readonly typesFile: string | undefined;
}

/** Of settings that are all right; undefined: nothing is taken in Backstop's place. */
export function backstopOf(values: SettingValues): BackstopConfig | undefined {
  if (!values.backstop) return undefined;
  return {
    listen: values.backstopListen,
    naming: values.backstopNaming,
    auth: values.backstopAuth,
    prefixes: values.backstopPrefixes,
    prefix: values.backstopKey,
    githubSecrets: values.githubSecret,
    pagerDutySecrets: values.pagerdutySecret,
    typesFile: values.collectdTypes,
  };
}
