// The settings of where settings come from.

import { optional, type Setting } from '../kinds.ts';
import { path } from '../values.ts';

export const configurationSettings = {
  config: optional({
    group: 'Configuration',
    argument: 'path',
    isNotInFile: true,
    parse: path,
    help: 'a YAML or JSON file of settings, with the names of the long flags as keys',
  }),
} as const satisfies Record<string, Setting<unknown>>;
