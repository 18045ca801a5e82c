// Reads what an engine answers: JSON, and the message of an error.

import { parse } from 'lossless-json';
import { isObject } from '../../json-members.ts';
import { EngineError } from './engine.ts';

/** Parses JSON as doubles. @throws EngineError */
export function parseAnswer(call: string, text: string): unknown {
  return parsed(call, text, (body) => JSON.parse(body) as unknown);
}

/** Parses JSON without loss: numbers are LosslessNumber. The last of duplicate keys counts. @throws EngineError */
export function parseLossless(call: string, text: string): unknown {
  return parsed(call, text, (body) => parse(body, null, { onDuplicateKey: ({ newValue }) => newValue }));
}

function parsed(call: string, text: string, parser: (text: string) => unknown): unknown {
  try {
    return parser(text);
  } catch (error) {
    throw new EngineError(`${call}: expected JSON, found ${excerptOf(text)}`, { cause: error });
  }
}

/** The engine's own message about an error: JSON from API 1.24 on, plain text before. */
export function messageOf(text: string): string {
  try {
    const message = textAt(JSON.parse(text), 'message');
    if (message !== '') return lineOf(message);
  } catch {
    // Not JSON: the text is the message.
  }
  return excerptOf(text);
}

/** At most 200 characters of an answer, on one line. */
export function excerptOf(text: string): string {
  const line = lineOf(text);
  return line === '' ? 'nothing' : line;
}

function lineOf(text: string): string {
  const line = text
    .slice(0, 2000)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** The text of a member; empty if there is none. */
export function textAt(value: unknown, name: string): string {
  const member = isObject(value) ? value[name] : undefined;
  return typeof member === 'string' ? member : '';
}

/** The members that are texts. */
export function textsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
