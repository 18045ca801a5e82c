// All settings. Flags, variables, file keys, help, `check`, schema and docs/configuration.md are derived from this table.

import { accessSettings } from './groups/access.ts';
import { backstopSettings } from './groups/backstop.ts';
import { backstopSinkSettings } from './groups/backstop-sink.ts';
import { cardinalitySettings } from './groups/cardinality.ts';
import { catchpointSettings } from './groups/catchpoint.ts';
import { configurationSettings } from './groups/configuration.ts';
import { dockerSettings } from './groups/docker.ts';
import { fileModeSettings } from './groups/file-mode.ts';
import { graphiteSettings } from './groups/graphite.ts';
import { loggingSettings } from './groups/logging.ts';
import { metricsSettings } from './groups/metrics.ts';
import { openTsdbSettings } from './groups/opentsdb.ts';
import { pushSettings } from './groups/push.ts';
import { stateSettings } from './groups/state.ts';
import { telemetrySettings } from './groups/telemetry.ts';
import type { Setting } from './setting.ts';

const settings = {
  ...pushSettings,
  ...accessSettings,
  ...openTsdbSettings,
  ...graphiteSettings,
  ...backstopSinkSettings,
  ...fileModeSettings,
  ...catchpointSettings,
  ...backstopSettings,
  ...dockerSettings,
  ...metricsSettings,
  ...cardinalitySettings,
  ...stateSettings,
  ...telemetrySettings,
  ...loggingSettings,
  ...configurationSettings,
};

export type SettingKey = keyof typeof settings;

export type SettingValues = { readonly [K in SettingKey]: ReturnType<(typeof settings)[K]['read']> };

export const settingEntries = Object.entries(settings) as readonly (readonly [SettingKey, Setting<unknown>])[];
