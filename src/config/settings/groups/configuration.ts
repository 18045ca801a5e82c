// The setting that names the configuration file.

import { inGroup, optional } from '../setting.ts';
import { path } from '../values.ts';

export const configurationSettings = inGroup('Configuration', {
  config: optional({
    argument: 'path',
    isNotInFile: true,
    parse: path,
    help: 'a YAML or JSON file of settings, with the names of the long flags as keys',
  }),
});
