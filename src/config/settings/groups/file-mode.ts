// The settings of file mode.

import { inGroup, optional, toggle, value } from '../setting.ts';
import { choice, path } from '../values.ts';

export const fileModeSettings = inGroup('File mode', {
  fileMode: toggle({
    short: 'f',
    default: 'false',
    help: 'do not contact OpenTSDB, write the points to a file',
  }),
  file: optional({
    argument: 'path',
    defaultText: 'points.put in the state directory',
    parse: path,
    help: 'the file to write to; also switches file mode on',
  }),
  fileFormat: value({
    argument: 'format',
    default: 'import',
    parse: choice(['import', 'ndjson']),
    help: 'import, as `tsdb import` reads it, or ndjson, a JSON object a line',
  }),
});
