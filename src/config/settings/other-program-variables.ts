// Enables sources and sinks when only another program's variables are set. An installation of Backstop keeps its
// behaviour when only its container image is replaced by this bridge.

import { backstopSettings } from './groups/backstop.ts';
import { dockerSettings } from './groups/docker.ts';
import { graphiteSettings } from './groups/graphite.ts';
import type { Setting } from './setting.ts';
import type { ResolvedSettings } from './origins.ts';
import { hasCredentials } from './secrets.ts';

const settings = { ...backstopSettings, ...dockerSettings, ...graphiteSettings };

/** With Backstop's variables and without credentials, Catchpoint's pushes are off. */
export function takesCatchpoint(resolved: ResolvedSettings): boolean {
  const { values, origins } = resolved;
  if (values.catchpoint !== true || origins.catchpoint.rank > 0) return values.catchpoint === true;
  const isBackstopAlone = values.backstop === true && isFromOtherProgram(resolved, 'backstop');
  return !isBackstopAlone || hasCredentials(resolved);
}

/** With Backstop's CARBON_URLS and without --tsdb-host, points go only to Carbon. */
export function writesOpenTsdb(resolved: ResolvedSettings): boolean {
  const { values, origins } = resolved;
  if (values.opentsdb !== true || origins.opentsdb.rank > 0) return values.opentsdb === true;
  return origins.tsdbHost.rank > 0 || !isFromOtherProgram(resolved, 'graphite');
}

/** Reports whether a setting comes from a variable of another program. */
export function isFromOtherProgram({ origins }: ResolvedSettings, key: keyof typeof settings): boolean {
  const { alsoFrom = [] }: Setting<unknown> = settings[key];
  return alsoFrom.some(({ variable }) => variable === origins[key].where);
}
