// Reads the JSON of a put as OpenTSDB's Jackson does: numbers keep their text, scalars become what the field wants.

import type { ReceivedPut } from './rules.ts';

/** A body that holds no points at all; the message is OpenTSDB's own. */
export class UnreadablePut extends Error {
  override readonly name = 'UnreadablePut';
}

/**
 * The points of a body.
 *
 * @throws UnreadablePut when it is empty, is not JSON, or a field has the wrong shape; nothing is stored then
 */
export function readPuts(text: string): ReceivedPut[] {
  if (text === '') throw new UnreadablePut('Missing request content');
  const content = text.trim();
  if (!content.startsWith('{') && !content.startsWith('[')) {
    throw new UnreadablePut('The JSON must start as an object or an array');
  }
  const parsed = parse(content);
  const puts = Array.isArray(parsed) ? parsed : [parsed];
  if (puts.length === 0) throw new UnreadablePut('No datapoints found in content');
  return puts.map(readPut);
}

const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Parses with every number as the text it was written as. */
function parse(content: string): unknown {
  try {
    JSON.parse(content);
  } catch {
    throw new UnreadablePut('Unable to parse the given JSON');
  }
  return JSON.parse(content.replace(stringOrNumber, (token) => (token.startsWith('"') ? token : `"${token}"`)));
}

function readPut(value: unknown): ReceivedPut {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongShape();
  const { metric, timestamp, value: number, tags } = value as Record<string, unknown>;
  return { metric: scalar(metric), timestamp: long(scalar(timestamp)), value: scalar(number), tags: tagMap(tags) };
}

function scalar(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  throw wrongShape();
}

function long(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const number = Math.trunc(Number(text));
  if (!Number.isFinite(number)) throw wrongShape();
  return number;
}

function tagMap(tags: unknown): Map<string, string> | undefined {
  if (tags === undefined || tags === null) return undefined;
  if (typeof tags !== 'object' || Array.isArray(tags)) throw wrongShape();
  return new Map(Object.entries(tags).map(([name, value]) => [name, scalar(value) ?? '']));
}

function wrongShape(): UnreadablePut {
  return new UnreadablePut('Unable to parse the given JSON');
}
