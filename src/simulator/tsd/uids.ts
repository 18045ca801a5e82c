// The UID table of the simulated OpenTSDB: metrics, tag names and tag values.

import { checkName, RefusedPut } from './rules.ts';

export type UidKind = 'metric' | 'tagk' | 'tagv';

export interface Uids {
  /**
   * The name as stored.
   *
   * @throws RefusedPut if it is unknown and a put does not create names of its kind
   */
  resolve(kind: UidKind, name: string): string;
  /**
   * Assigns a UID of six hexadecimal digits.
   *
   * @throws RefusedPut if the name is illegal or has a UID
   */
  assign(kind: UidKind, name: string): string;
  /** Takes the name as stored. */
  isKnown(kind: UidKind, name: string): boolean;
  /** The first `max` names that begin with `prefix`, in order. */
  suggest(kind: UidKind, prefix: string, max: number): string[];
}

/** The kinds in the message of NoSuchUniqueName. */
const tableNames: Readonly<Record<UidKind, string>> = { metric: 'metrics', tagk: 'tagk', tagv: 'tagv' };

/** @param isCreatedByPut - the kinds of names that a put creates; see tsd.core.auto_create_metrics */
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
      // The first put of a name that another one occupies fails. Later ones go into the other's series.
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

/** UniqueId stores names as ISO-8859-1. Other characters become question marks. */
function asStored(name: string): string {
  return name.replace(/[^\0-\u00ff]/g, '?');
}
