// Reads OpenTSDB's error object.

import { field, parseJson } from '../../json-answer.ts';

/** Returns the message of OpenTSDB's error object (HttpJsonSerializer.formatErrorV1). */
export function errorMessage(text: string): string | undefined {
  const message = field(field(parseJson(text), 'error'), 'message');
  return typeof message === 'string' ? message : undefined;
}
