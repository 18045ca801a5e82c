// POST /api/annotation/bulk of the simulated OpenTSDB: global annotations, one an instant.

import { errorAnswer, jsonAnswer, methodNotAllowed, type HttpAnswer } from './answers.ts';

/** An annotation as it was sent. */
export type StoredAnnotation = Readonly<Record<string, unknown>>;

/**
 * Stores annotations by their start, the fields of a second one of the same instant over those of the first (Annotation.syncToStorage).
 * The first that is wrong ends the request; those before it stay.
 */
export function answerAnnotations(stored: Map<number, StoredAnnotation>, method: string, text: string): HttpAnswer {
  if (method !== 'POST' && method !== 'PUT') return methodNotAllowed(method);
  const given = parsed(text);
  if (!Array.isArray(given)) return errorAnswer(400, 'Unable to parse the given JSON');
  for (const annotation of given as StoredAnnotation[]) {
    const { startTime } = annotation;
    if (typeof startTime !== 'number' || startTime < 1) return errorAnswer(400, 'The start timestamp has not been set');
    stored.set(startTime, { ...stored.get(startTime), ...annotation });
  }
  return jsonAnswer(200, given);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
