// The names that the simulated OpenTSDB knows: metrics, tag names and tag values, each with its UID.

import { checkName, RefusedPut } from './rules.ts';

export type UidKind = 'metric' | 'tagk' | 'tagv';

export interface Uids {
  /**
   * The name as it will be stored.
   *
   * @throws RefusedPut when it is unknown and names of its kind are not created by a put
   */
  resolve(kind: UidKind, name: string): string;
  /**
   * Gives a new name a UID, six hexadecimal digits.
   *
   * @throws RefusedPut for an illegal name and for one that has a UID already
   */
  assign(kind: UidKind, name: string): string;
  /** Whether the name, as it is stored, has a UID. */
  isKnown(kind: UidKind, name: string): boolean;
  /** The first `max` names that begin with `prefix`, in order. */
  suggest(kind: UidKind, prefix: string, max: number): string[];
}

/** What OpenTSDB calls the kinds in NoSuchUniqueName. */
const tableNames: Readonly<Record<UidKind, string>> = { metric: 'metrics', tagk: 'tagk', tagv: 'tagv' };

/**
 * @param isCreatedByPut - which kinds a put may add to; tsd.core.auto_create_metrics is off unless configured, tag
 * names and values are created
 */
export function uids(isCreatedByPut: Readonly<Record<UidKind, boolean>>): Uids {
  const known = { metric: new Map<string, string>(), tagk: new Map<string, string>(), tagv: new Map<string, string>() };
  const stored = { metric: new Set<string>(), tagk: new Set<string>(), tagv: new Set<string>() };

  function add(kind: UidKind, name: string): string {
    const uid = (known[kind].size + 1).toString(16).toUpperCase().padStart(6, '0');
    known[kind].set(name, uid);
    stored[kind].add(asStored(name));
    return uid;
  }

  return {
    resolve(kind, name) {
      if (known[kind].has(name)) return asStored(name);
      if (!isCreatedByPut[kind])
        throw new RefusedPut('unknown-name', `No such name for '${tableNames[kind]}': '${name}'`);
      const isTaken = stored[kind].has(asStored(name));
      add(kind, name);
      // The put that finds its name taken by another one fails; the next goes into the other's series.
      if (isTaken) throw new RefusedPut('unexpected', 'Unexpected exception');
      return asStored(name);
    },
    assign(kind, name) {
      checkName(kind, name);
      const uid = known[kind].get(name);
      if (uid !== undefined) throw new RefusedPut('argument', `Name already exists with UID: ${uid}`);
      return add(kind, name);
    },
    isKnown: (kind, name) => stored[kind].has(name),
    suggest: (kind, prefix, max) =>
      [...stored[kind]]
        .filter((name) => name.startsWith(prefix))
        .toSorted()
        .slice(0, max),
  };
}

/** UniqueId keeps names as ISO-8859-1: every letter beyond it becomes a question mark. */
function asStored(name: string): string {
  return name.replace(/[^\0-\u00ff]/g, '?');
}
