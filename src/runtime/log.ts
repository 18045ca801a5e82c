// The log: text on a terminal, JSON elsewhere. It has a line for each event, but not for single pushes.

import { createRequire } from 'node:module';
import { pino, type DestinationStream, type Logger } from 'pino';
import type * as Pretty from 'pino-pretty';

export type Log = Logger;

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export const logFormats = ['auto', 'text', 'json'] as const;

export interface LogOptions {
  readonly level: (typeof logLevels)[number];
  /** `auto`: text on a terminal, JSON otherwise. */
  readonly format: (typeof logFormats)[number];
  readonly destination: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Opens a log with times in UTC. */
export function openLog({ level, format, destination }: LogOptions): Log {
  const asText = format === 'text' || (format === 'auto' && destination.isTTY === true);
  const stream: DestinationStream = asText
    ? prettyLines()({
        destination,
        colorize: destination.isTTY === true,
        translateTime: 'UTC:yyyy-mm-dd"T"HH:MM:ss.l"Z"',
        ignore: 'pid,hostname',
        singleLine: true,
      })
    : { write: (line) => void destination.write(line) };
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: null }, stream);
}

/** Loaded only for text, so that services start faster. */
function prettyLines(): typeof Pretty.PinoPretty {
  return (createRequire(import.meta.url)('pino-pretty') as typeof Pretty).PinoPretty;
}

/** A log that writes nothing. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}

/** A log of the outlet thread. It sends lines of every level to the process that calls `logForwarded` with them. */
export function forwardingLog(send: (line: string) => void): Log {
  return pino({ level: 'debug', timestamp: false, base: null }, { write: send });
}

/** Writes a line of a forwarding log to this log, which decides on its level. */
export function logForwarded(log: Log, line: string): void {
  const { level, msg, ...fields } = JSON.parse(line) as { readonly level: number; readonly msg: string };
  const name = pino.levels.labels[level] as 'debug' | 'info' | 'warn' | 'error';
  log[name](fields, msg);
}
