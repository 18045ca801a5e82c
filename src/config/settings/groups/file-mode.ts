// The settings of file mode.

import { optional, type Setting, toggle, value } from '../kinds.ts';
import { choice, path } from '../values.ts';

export const fileModeSettings = {
  fileMode: toggle({
    group: 'File mode',
    short: 'f',
    default: 'false',
    help: 'do not contact OpenTSDB, write the points to a file',
  }),
  file: optional({
    group: 'File mode',
    argument: 'path',
    defaultWords: 'points.put in the state directory',
    parse: path,
    help: 'the file to write to; also switches file mode on',
  }),
  fileFormat: value({
    group: 'File mode',
    argument: 'format',
    default: 'import',
    parse: choice(['import', 'ndjson']),
    help: 'import, as `tsdb import` reads it, or ndjson, a JSON object a line',
  }),
} as const satisfies Record<string, Setting<unknown>>;
