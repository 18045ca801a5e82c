// The settings of the log.

import { logFormats, logLevels } from '../../../runtime/log.ts';
import { inGroup, value } from '../setting.ts';
import { choice } from '../values.ts';

export const loggingSettings = inGroup('Logging', {
  logLevel: value({
    argument: 'level',
    default: 'info',
    parse: choice(logLevels),
    help: logLevels.join(', '),
  }),
  logFormat: value({
    argument: 'format',
    default: 'auto',
    parse: choice(logFormats),
    help: 'text, json, or auto: text on a terminal, JSON otherwise',
  }),
});
