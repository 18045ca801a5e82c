// The configuration of the Backstop source.

import type { ListenAddress } from './addresses.ts';
import type { SettingValues } from './settings.ts';

export interface BackstopConfig {
  readonly listen: ListenAddress;
  readonly naming: 'legacy' | 'tags';
  /** `user:password` pairs. */
  readonly auth: readonly string[];
  readonly prefixes: readonly string[];
  /** The first part of every name, before a dot. */
  readonly prefix: string | undefined;
  readonly githubSecrets: readonly string[];
  readonly pagerDutySecrets: readonly string[];
  /** A types.db of collectd. */
  readonly typesFile: string | undefined;
}

/** Undefined without --backstop. */
export function backstopConfig(values: SettingValues): BackstopConfig | undefined {
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
