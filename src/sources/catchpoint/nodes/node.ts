// A Catchpoint node, and the directory in memory in which pushes look it up.

/** A place from which Catchpoint runs tests. Texts are as Catchpoint writes them; unknown fields are absent. */
export interface Node {
  /** 1 … 2^53−1 */
  readonly id: number;
  readonly name?: string;
  /** The number of the autonomous system, without "AS". */
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
  /** The node's source addresses as Catchpoint lists them: addresses and CIDR ranges, comma-separated. */
  readonly ipRanges?: string;
  readonly active: boolean;
  /** Time of the first complete listing without it, ms since 1970 UTC. A retired node is still found for a week. */
  readonly retiredAtMs?: number;
}

export interface NodeDirectory {
  find(id: number): Node | undefined;
  /** Every node, ordered by id. */
  all(): readonly Node[];
  /** Time of the listing that the nodes come from, ms since 1970 UTC. Undefined before the first listing. */
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
