// The log: lines for people on a terminal, JSON elsewhere; one line an event, never one a push.

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

/** Opens the log on `destination`; times are UTC. */
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

/** Read in for people alone: services start without it. */
function prettyLines(): typeof Pretty.PinoPretty {
  return (createRequire(import.meta.url)('pino-pretty') as typeof Pretty).PinoPretty;
}

/** A log that writes nothing. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}

/** A log whose lines are handed on, whatever their level; `logForwarded` writes them where they belong. */
export function forwardingLog(send: (line: string) => void): Log {
  return pino({ level: 'debug', timestamp: false, base: null }, { write: send });
}

/** Writes a line of a forwarding log into another one. */
export function logForwarded(log: Log, line: string): void {
  const { level, msg, ...fields } = JSON.parse(line) as { readonly level: number; readonly msg: string };
  const name = pino.levels.labels[level] as 'debug' | 'info' | 'warn' | 'error';
  log[name](fields, msg);
}
