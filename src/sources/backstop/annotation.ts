// Builds the annotation of an event: bounded text without control characters.

import { hash } from 'node:crypto';
import type { Annotation } from '../../model/point.ts';

const maxDescription = 200;
const maxNotes = 1000;
const maxCustom = 200;

export interface AnnotatedEvent {
  /** ms since 1970 UTC */
  readonly startMs: number;
  /** Only for an event that lasted. */
  readonly endMs?: number | undefined;
  readonly description: string;
  readonly notes?: string | undefined;
  readonly custom: Readonly<Record<string, string | undefined>>;
  /** Identifies the event. */
  readonly id: string;
}

/**
 * OpenTSDB stores one annotation per instant and merges the fields of a second one into it.
 * So a time in whole seconds gets milliseconds derived from the event's id.
 */
export function annotationOf({ startMs, endMs, description, notes, custom, id }: AnnotatedEvent): Annotation {
  const fraction = startMs % 1000 === 0 ? hash('sha1', id, 'buffer').readUInt32BE() % 1000 : 0;
  return {
    startMs: startMs + fraction,
    ...(endMs !== undefined && endMs > startMs + fraction && { endMs }),
    description: plain(description, maxDescription),
    ...(notes !== undefined && { notes: plain(notes, maxNotes) }),
    custom: Object.fromEntries(
      Object.entries(custom).flatMap(([name, text]) =>
        text === undefined || text === '' ? [] : [[name, plain(text, maxCustom)]],
      ),
    ),
  };
}

/** Keeps line ends. Truncates between characters, not within one. */
function plain(text: string, max: number): string {
  return Array.from(text.replace(/[^\P{Cc}\n]|\p{Cs}/gu, ' '))
    .slice(0, max)
    .join('')
    .trim();
}
