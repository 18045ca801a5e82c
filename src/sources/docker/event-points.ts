// Makes data points, with annotations, of the exits, OOM kills and restarts of containers.

import type { Annotation, DataPoint } from '../../model/point.ts';
import type { EventFigure, Moment } from './event-counters.ts';
import type { Names } from './naming/names.ts';
import type { Candidate } from './sampling.ts';

interface EventPointsOptions {
  readonly names: Names;
  /** Applies the rules. */
  readonly nameOf: (name: string) => Pick<Candidate, 'name' | 'category'>;
}

/**
 * A point of each counter at each time of an event. The events of a second share an annotation, at its first point:
 * OpenTSDB stores one annotation without a series at a time, and Grafana reads their times in whole seconds.
 */
export function eventPoints(moments: readonly Moment[], { names, nameOf }: EventPointsOptions): DataPoint[] {
  const bySecond = new Map<number, Moment[]>();
  for (const moment of moments) {
    const seconds = Math.floor(moment.event.atMs / 1000);
    bySecond.set(seconds, [...(bySecond.get(seconds) ?? []), moment]);
  }
  return [...bySecond].flatMap(([seconds, together]) => {
    const annotation = annotationOf(seconds * 1000, together, nameOf);
    return together.flatMap(pointsOf).map((point, index) => (index === 0 ? { ...point, annotation } : point));
  });

  function pointsOf({ figure, value, atMs, event }: Moment): DataPoint[] {
    const { name, category } = nameOf(event.name);
    const container = { id: event.id, name, image: event.image ?? '', labels: event.labels };
    return names.containerPoints(
      container,
      category,
      [{ name: figure, value: String(value), isOriginal: false }],
      atMs,
    );
  }
}

/** So many events are in the description, which Grafana shows; so many in the notes. */
const maxDescribed = 5;
const maxNoted = 100;

function annotationOf(startMs: number, moments: readonly Moment[], nameOf: EventPointsOptions['nameOf']): Annotation {
  const texts = moments.map((moment) => describe(moment, nameOf(moment.event.name).name));
  const more = texts.length > maxDescribed ? `; and ${texts.length - maxDescribed} more` : '';
  const containers = new Set(moments.map(({ event }) => printable(nameOf(event.name).name)));
  return {
    startMs,
    description: `container ${texts.slice(0, maxDescribed).join('; container ')}${more}`,
    ...(texts.length > 1 && { notes: texts.slice(0, maxNoted).join('\n') }),
    custom: { containers: [...containers].slice(0, maxNoted).join(', ') },
  };
}

const outcomes: Readonly<Record<EventFigure, string>> = {
  exits: 'exited',
  oom_kills: 'was killed by the kernel, out of memory',
  restarts: 'started again',
};

/** Such as `web exited with code 137 (2 times)`. */
function describe({ figure, event: { exitCode }, times }: Moment, name: string): string {
  const code = figure === 'exits' && exitCode !== undefined ? ` with code ${exitCode}` : '';
  const repeated = times > 1 ? ` (${times} times)` : '';
  return printable(`${name} ${outcomes[figure]}${code}${repeated}`);
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').slice(0, 200);
}
