// A Catchpoint node, and the directory in which pushes look it up.

/** A place from which Catchpoint runs tests. Texts are as Catchpoint writes them; what is not known is absent. */
export interface Node {
  /** 1 … 2^53−1 */
  readonly id: number;
  readonly name?: string;
  /** The autonomous system's number, without "AS". */
  readonly asn?: number;
  readonly continent?: string;
  readonly country?: string;
  readonly region?: string;
  readonly city?: string;
  readonly isp?: string;
  readonly networkType?: string;
  /** Degrees, north and east positive. */
  readonly latitude?: number;
  readonly longitude?: number;
  /** Addresses that the node sends from, as Catchpoint lists them: addresses and CIDR ranges, comma-separated. */
  readonly ipRanges?: string;
  readonly active: boolean;
  /** When it was first missing from a complete listing, in ms since 1970 UTC; a retired node stays findable for a while. */
  readonly retiredAtMs?: number;
}

/** The nodes known at this moment, held in memory. Replaced whole, never edited. */
export interface NodeDirectory {
  find(id: number): Node | undefined;
  /** Every node, in the order of their ids. */
  all(): readonly Node[];
  /** When the listing that it came from was complete, in ms since 1970 UTC; undefined before the first. */
  refreshedAtMs(): number | undefined;
  replace(nodes: readonly Node[], refreshedAtMs: number): void;
}

/** An empty directory. */
export function nodeDirectory(): NodeDirectory {
  let byId = new Map<number, Node>();
  let refreshed: number | undefined;
  return {
    find: (id) => byId.get(id),
    all: () => [...byId.values()],
    refreshedAtMs: () => refreshed,
    replace(nodes, refreshedAtMs) {
      const sorted = nodes.toSorted((a, b) => a.id - b.id);
      byId = new Map(sorted.map((node) => [node.id, node]));
      refreshed = refreshedAtMs;
    },
  };
}
