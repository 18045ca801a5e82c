// POST /api/annotation/bulk of the simulated OpenTSDB: global annotations, one per instant.

import { BadRequest, invalidJson, jsonAnswer, methodNotAllowed, parseJson, type HttpAnswer } from './answers.ts';

/** An annotation as it was sent. */
export type StoredAnnotation = Readonly<Record<string, unknown>>;

/**
 * Merges the fields of an annotation into an earlier one of the same instant, as Annotation.syncToStorage does.
 *
 * @throws BadRequest at the first invalid annotation; those before it are stored
 */
export function answerAnnotations(stored: Map<number, StoredAnnotation>, method: string, text: string): HttpAnswer {
  if (method !== 'POST' && method !== 'PUT') return methodNotAllowed(method);
  const given = parseJson(text);
  if (!Array.isArray(given)) throw invalidJson();
  for (const annotation of given as StoredAnnotation[]) {
    const { startTime } = annotation;
    if (typeof startTime !== 'number' || startTime < 1) throw new BadRequest('The start timestamp has not been set');
    stored.set(startTime, { ...stored.get(startTime), ...annotation });
  }
  return jsonAnswer(200, given);
}
