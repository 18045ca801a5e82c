// Rules on points whose names OpenTSDB does not know: once the names are assigned they can be sent again.

import type { DataPoint } from '../../../model/point.ts';
import type { Failed } from './put-answer.ts';
import type { Assignment, UidAssigner, UidKind } from './uid-assign.ts';

/**
 * Has the metrics assigned; where one was known all along, the tags are the strangers ("Unknown metric" is said of all
 * three), and are assigned as well. A point becomes `storage`, to be sent again, unless a name of its can never be assigned.
 */
export async function assignNames(
  assigner: UidAssigner,
  failed: readonly Failed[],
  signal: AbortSignal,
): Promise<Failed[]> {
  const metrics = await assigner.assign(
    'metric',
    failed.map(({ point }) => point.metric),
    signal,
  );
  const tagged = failed.flatMap(({ point }) => (metrics.get(point.metric)?.state === 'known' ? [point] : []));
  const [tagNames, tagValues] = await Promise.all([
    assigner.assign(
      'tagk',
      tagged.flatMap(({ tags }) => Object.keys(tags)),
      signal,
    ),
    assigner.assign(
      'tagv',
      tagged.flatMap(({ tags }) => Object.values(tags)),
      signal,
    ),
  ]);
  const assigned = { metric: metrics, tagk: tagNames, tagv: tagValues };
  return failed.map((failure) => outcome(failure, assignmentsOf(failure.point, assigned)));
}

function assignmentsOf(
  { metric, tags }: DataPoint,
  assigned: Record<UidKind, ReadonlyMap<string, Assignment>>,
): Assignment[] {
  const all = [assigned.metric.get(metric)];
  for (const [name, value] of Object.entries(tags)) all.push(assigned.tagk.get(name), assigned.tagv.get(value));
  return all.filter((assignment) => assignment !== undefined);
}

function outcome({ point, words }: Failed, assignments: readonly Assignment[]): Failed {
  const refused = assignments.find(({ state }) => state === 'refused');
  const fault = refused ?? assignments.find(({ state }) => state === 'failed');
  const reason = fault !== undefined && 'words' in fault ? fault.words : 'its names have been assigned';
  return { point, error: refused === undefined ? 'storage' : 'data', words: `${words}; ${reason}` };
}
