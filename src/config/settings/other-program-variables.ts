// What is meant where nothing but another program's variables is set: who changes the image alone wants what that program did.

import { backstopSettings } from './groups/backstop.ts';
import { graphiteSettings } from './groups/graphite.ts';
import type { Setting } from './kinds.ts';
import type { ResolvedSettings } from './origins.ts';
import { hasCredentials } from './secrets.ts';

const settings = { ...backstopSettings, ...graphiteSettings };

/** Whether Catchpoint's pushes are taken. Who has set nothing but Backstop's own variables wants Backstop alone. */
export function takesCatchpoint(settled: ResolvedSettings): boolean {
  const { values, origins } = settled;
  if (values.catchpoint !== true || origins.catchpoint.rank > 0) return values.catchpoint === true;
  const isMeantForBackstop = values.backstop === true && isFromElsewhere(settled, 'backstop');
  return !isMeantForBackstop || hasCredentials(settled);
}

/** Whether points go to OpenTSDB. Who has given Carbon's addresses as for Backstop, and none of an OpenTSDB, wants Carbon alone. */
export function writesOpenTsdb(settled: ResolvedSettings): boolean {
  const { values, origins } = settled;
  if (values.opentsdb !== true || origins.opentsdb.rank > 0) return values.opentsdb === true;
  return origins.tsdbHost.rank > 0 || !isFromElsewhere(settled, 'graphite');
}

/** Whether a setting was given by a variable of another program's. */
export function isFromElsewhere({ origins }: ResolvedSettings, key: keyof typeof settings): boolean {
  const { alsoFrom = [] }: Setting<unknown> = settings[key];
  return alsoFrom.some(({ variable }) => variable === origins[key].where);
}
