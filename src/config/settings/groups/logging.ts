// The settings of the log.

import { logFormats, logLevels } from '../../../runtime/log.ts';
import { type Setting, value } from '../kinds.ts';
import { choice } from '../values.ts';

export const loggingSettings = {
  logLevel: value({
    group: 'Logging',
    argument: 'level',
    default: 'info',
    parse: choice(logLevels),
    help: logLevels.join(', '),
  }),
  logFormat: value({
    group: 'Logging',
    argument: 'format',
    default: 'auto',
    parse: choice(logFormats),
    help: 'text, json, or auto: text on a terminal, JSON otherwise',
  }),
} as const satisfies Record<string, Setting<unknown>>;
