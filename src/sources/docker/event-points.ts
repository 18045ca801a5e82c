// Makes data points, with annotations, of the exits, OOM kills and restarts of containers.

import type { Annotation, DataPoint } from '../../model/point.ts';
import type { Moment } from './event-counters.ts';
import type { Names } from './naming/names.ts';
import type { Candidate } from './sampling.ts';

interface EventPointsOptions {
  readonly names: Names;
  readonly nameOf: (name: string) => Pick<Candidate, 'name' | 'category'>;
}

/** A point of each counter at each time of an event. Of several events at one time, the annotation tells the first. */
export function eventPoints(moments: readonly Moment[], { names, nameOf }: EventPointsOptions): DataPoint[] {
  return moments.flatMap((moment) => {
    const { figure, value, atMs, event } = moment;
    const { name, category } = nameOf(event.name);
    const container = { id: event.id, name, image: event.image ?? '', labels: event.labels };
    const figures = [{ name: figure, value: String(value), isOriginal: false }];
    const annotation = annotationOf(moment, name);
    return names.containerPoints(container, category, figures, atMs).map((point) => ({ ...point, annotation }));
  });
}

function annotationOf({ figure, event, times }: Moment, name: string): Annotation {
  const { exitCode, image, id, atMs } = event;
  const texts = {
    exits: `exited${exitCode === undefined ? '' : ` with code ${exitCode}`}`,
    oom_kills: 'killed by the kernel, out of memory',
    restarts: 'restarted',
  };
  const repeated = times > 1 ? ` (${times} times)` : '';
  return {
    startMs: Math.floor(atMs),
    description: `container ${printable(name)} ${printable(texts[figure])}${repeated}`,
    custom: {
      container: printable(name),
      id: id.slice(0, 12),
      ...(image !== undefined && { image: printable(image) }),
    },
  };
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').slice(0, 200);
}
