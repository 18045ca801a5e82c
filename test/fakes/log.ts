// A log in memory.

import { Writable } from 'node:stream';
import { type Log, type LogOptions, openLog } from '../../src/runtime/log.ts';

export interface ReadLog {
  readonly log: Log;
  /** The lines written so far, without time and level. */
  lines(): readonly Readonly<Record<string, unknown>>[];
}

export function readLog(level: LogOptions['level'] = 'debug'): ReadLog {
  const written: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  return {
    log: openLog({ level, format: 'json', destination }),
    lines: () =>
      written
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .map(({ time: _time, level: _level, ...rest }) => rest),
  };
}
