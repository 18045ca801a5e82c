// The settings of the state directory and the spool.

import { inGroup, optional, value } from '../setting.ts';
import { bytes, hours, path } from '../values.ts';

export const stateSettings = inGroup('State', {
  stateDir: optional({
    argument: 'path',
    defaultText:
      '$STATE_DIRECTORY, else /var/lib/catchpoint-opentsdb-bridge where that can be written, else $XDG_STATE_HOME or ~/.local/state',
    parse: path,
    help: 'the directory of everything that is kept',
  }),
  spoolMaxBytes: optional({
    argument: 'size',
    defaultText: '4GiB or half of the free space, whichever is less',
    parse: bytes('1MiB'),
    help: 'how much may wait for OpenTSDB before pushes are refused',
  }),
  dedupMaxBytes: value({
    argument: 'size',
    default: '96MiB',
    parse: bytes('1MiB'),
    help: 'how much memory the runs of the last two hours may take, by which a push that comes again counts once; over it the oldest quarter of an hour is forgotten',
  }),
  optionalMaxBytes: optional({
    argument: 'size',
    defaultText: "a quarter of the spool's",
    parse: bytes('64KiB'),
    help: 'how much may wait for each optional sink before its oldest points are skipped',
  }),
  optionalMaxHours: value({
    argument: 'hours',
    default: '24',
    parse: hours,
    help: 'how long a point may wait for an optional sink before it is skipped',
  }),
});
