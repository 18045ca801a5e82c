// The settings, each of them once: from this table come the flags, the environment's names, the configuration file's
// keys, the help, what `check` prints and the table in docs/configuration.md.

import { accessSettings } from './groups/access.ts';
import { backstopSettings } from './groups/backstop.ts';
import { cardinalitySettings } from './groups/cardinality.ts';
import { catchpointSettings } from './groups/catchpoint.ts';
import { configurationSettings } from './groups/configuration.ts';
import { fileModeSettings } from './groups/file-mode.ts';
import { graphiteSettings } from './groups/graphite.ts';
import { loggingSettings } from './groups/logging.ts';
import { metricsSettings } from './groups/metrics.ts';
import { openTsdbSettings } from './groups/opentsdb.ts';
import { pushSettings } from './groups/push.ts';
import { stateSettings } from './groups/state.ts';
import { telemetrySettings } from './groups/telemetry.ts';
import type { Setting } from './kinds.ts';

export const settings = {
  ...pushSettings,
  ...accessSettings,
  ...openTsdbSettings,
  ...graphiteSettings,
  ...fileModeSettings,
  ...catchpointSettings,
  ...backstopSettings,
  ...metricsSettings,
  ...cardinalitySettings,
  ...stateSettings,
  ...telemetrySettings,
  ...loggingSettings,
  ...configurationSettings,
} as const satisfies Record<string, Setting<unknown>>;

export type SettingKey = keyof typeof settings;

/** The values of all settings. */
export type SettingValues = { readonly [K in SettingKey]: ReturnType<(typeof settings)[K]['read']> };

/** Every setting with its key, in the order of the table. */
export const settingEntries = Object.entries(settings) as readonly (readonly [SettingKey, Setting<unknown>])[];
