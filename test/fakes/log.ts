// A log whose lines a test reads.

import { Writable } from 'node:stream';
import { type Log, type LogOptions, openLog } from '../../src/runtime/log.ts';

export interface ReadLog {
  readonly log: Log;
  /** What has been written so far, without times. */
  lines(): readonly Readonly<Record<string, unknown>>[];
}

/** A log as JSON, kept in memory. */
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
