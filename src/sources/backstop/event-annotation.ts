// The annotation of an event: bounded text without control characters, at a time that it shares with few others.

import { hash } from 'node:crypto';
import type { Annotation } from '../../model/point.ts';

const maxDescription = 200;
const maxNotes = 1000;
const maxCustom = 200;

export interface Happening {
  /** ms since 1970 UTC */
  readonly startMs: number;
  /** For what lasted. */
  readonly endMs?: number | undefined;
  readonly description: string;
  readonly notes?: string | undefined;
  readonly custom: Readonly<Record<string, string | undefined>>;
  /** What tells the event from others. */
  readonly id: string;
}

/**
 * The annotation of an event. OpenTSDB keeps one annotation of an instant and mixes the fields of a second one into it, so a time in
 * whole seconds is given milliseconds out of the event's id: always the same ones.
 */
export function annotationOf({ startMs, endMs, description, notes, custom, id }: Happening): Annotation {
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

/** Line ends stay; whole characters are cut off. */
function plain(text: string, max: number): string {
  return [...text.replace(/[^\P{Cc}\n]|\p{Cs}/gu, ' ')].slice(0, max).join('').trim();
}
