// Assigns UIDs to unknown names, for an OpenTSDB in which a put may not create them.

import { abortable } from '../../../runtime/deadline.ts';
import type { DataPoint } from '../../../model/point.ts';
import { quoted } from '../../no-verdict.ts';
import type { TsdHost } from './hosts.ts';
import { field, parseJson } from '../../json-answer.ts';
import { requestGroups } from '../../request-groups.ts';
import type { FailedPoint } from './put-answer.ts';
import { query, type QueryOptions } from './query.ts';

type UidKind = 'metric' | 'tagk' | 'tagv';

/** `assigned`: now. `known`: it had a UID before. `refused`: it can never have one. `failed`: it has none yet. */
type Assignment =
  | { readonly state: 'assigned' | 'known' }
  | { readonly state: 'refused' | 'failed'; readonly message: string };

/** Rejects only when the signal aborts. Concurrent calls share the request for a name. */
type AssignUids = (
  kind: UidKind,
  names: Iterable<string>,
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, Assignment>>;

interface UidAssignerOptions extends Omit<QueryOptions, 'host'> {
  readonly host: () => TsdHost;
}

/** OpenTSDB asks HBase three times for each new name, and refuses bodies above 8192 bytes. */
const maxNames = 50;
const maxNameBytes = 4096;

/**
 * Assigns the names of points that failed with `unknown-name`: their metrics, and where a metric turns out `known`, the
 * tags, since "Unknown metric" may mean a tag. The points become `storage`, or `data` where a name is refused.
 */
export async function assignNames(
  assign: AssignUids,
  failed: readonly FailedPoint[],
  signal: AbortSignal,
): Promise<readonly FailedPoint[]> {
  const unknown = failed.filter(({ errorClass }) => errorClass === 'unknown-name');
  if (unknown.length === 0) return failed;
  const points = unknown.map(({ point }) => point);
  const metrics = points.map(({ metric }) => metric);
  const metric = await assign('metric', metrics, signal);
  const tags = points.filter((point) => metric.get(point.metric)?.state === 'known').map((point) => point.tags);
  const names = tags.flatMap((each) => Object.keys(each));
  const values = tags.flatMap((each) => Object.values(each));
  const [tagk, tagv] = await Promise.all([assign('tagk', names, signal), assign('tagv', values, signal)]);
  const others = failed.filter(({ errorClass }) => errorClass !== 'unknown-name');
  const tried = unknown.map((each) => reclassified(each, assignmentsOf(each.point, { metric, tagk, tagv })));
  return [...others, ...tried];
}

function assignmentsOf(
  { metric, tags }: DataPoint,
  assigned: Record<UidKind, ReadonlyMap<string, Assignment>>,
): Assignment[] {
  const all = [assigned.metric.get(metric)];
  for (const [name, value] of Object.entries(tags)) all.push(assigned.tagk.get(name), assigned.tagv.get(value));
  return all.filter((assignment) => assignment !== undefined);
}

function reclassified({ point, message }: FailedPoint, assignments: readonly Assignment[]): FailedPoint {
  const refused = assignments.find(({ state }) => state === 'refused');
  const fault = refused ?? assignments.find(({ state }) => state === 'failed');
  const reason = fault !== undefined && 'message' in fault ? fault.message : 'its names have been assigned';
  return { point, errorClass: refused === undefined ? 'storage' : 'data', message: `${message}; ${reason}` };
}

export function uidAssigner(options: UidAssignerOptions): AssignUids {
  const inFlight = new Map<string, Promise<Assignment>>();

  function start(kind: UidKind, names: readonly string[]): void {
    const answer = request(options, kind, names).catch((error: Error) => {
      return (): Assignment => ({ state: 'failed', message: `uid/assign: ${error.message}` });
    });
    for (const name of names) {
      const assignment = answer
        .then((assignmentOf) => assignmentOf(name))
        .finally(() => inFlight.delete(`${kind} ${name}`));
      inFlight.set(`${kind} ${name}`, assignment);
    }
  }

  return async (kind, names, signal) => {
    const wanted = [...new Set(names)];
    const unrequested = wanted.filter((name) => !inFlight.has(`${kind} ${name}`));
    for (const group of requestGroups(unrequested, (name) => name.length + 3, maxNameBytes, maxNames))
      start(kind, group);
    const assignments = wanted.flatMap(
      (name) => inFlight.get(`${kind} ${name}`)?.then((assignment) => [name, assignment] as const) ?? [],
    );
    return new Map(await abortable(Promise.all(assignments), signal));
  };
}

/** Resolves with a function that finds a name's assignment in the answer. */
async function request(
  { host, ...options }: UidAssignerOptions,
  kind: UidKind,
  names: readonly string[],
): Promise<(name: string) => Assignment> {
  const { status, text } = await query({ host: host(), ...options }, '/api/uid/assign', { [kind]: names });
  const json = status === 200 || status === 400 ? parseJson(text) : undefined;
  const hasAssignments = typeof json === 'object' && json !== null && !('error' in json);
  if (!hasAssignments) throw new Error(`answered ${status}: ${quoted(text)}`);
  return (name) => assignmentOf(field(field(json, kind), name), field(field(json, `${kind}_errors`), name));
}

/** UniqueIdRpc.handleAssign: 200 when every name was new, otherwise 400 with the other names in maps of errors. */
function assignmentOf(uid: unknown, error: unknown): Assignment {
  if (uid !== undefined) return { state: 'assigned' };
  if (typeof error !== 'string')
    return { state: 'failed', message: 'uid/assign: the answer does not mention the name' };
  if (/already exists/i.test(error)) return { state: 'known' };
  return {
    state: /illegal character|^Invalid /i.test(error) ? 'refused' : 'failed',
    message: `uid/assign: ${error.slice(0, 300)}`,
  };
}
