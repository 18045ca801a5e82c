// A node of the simulated world, with all that both of Catchpoint's REST APIs tell of it.

/** A name with its id, as both APIs write places, providers and types. */
export interface Named {
  readonly id: number;
  readonly name: string;
}

export interface SimulatedNode {
  readonly id: number;
  /** In Catchpoint's way: "City, CC - ISP". */
  readonly name: string;
  /** Enterprise nodes may have none. */
  readonly asn?: number;
  readonly asnName?: string;
  readonly isp: Named;
  readonly city: Named;
  /** Not every country has regions. */
  readonly region?: Named;
  readonly country: Named;
  readonly continent: Named;
  /** Degrees, north and east positive. */
  readonly latitude: number;
  readonly longitude: number;
  /** Ids as v2's SyntheticNetworkType: 0 Backbone, 1 LastMile, 2 Wireless, 3 Private, 4 Enterprise, 5 PublicCloud. */
  readonly networkType: Named;
  readonly active: boolean;
  /** Addresses and CIDR ranges, comma-separated; empty where Catchpoint does not publish them. */
  readonly ipRanges: string;
}

/** Whether it is a customer's own node, which v2 describes more fully at /api/v2/nodes. */
export function isCustomerNode({ networkType }: SimulatedNode): boolean {
  return networkType.id === 3 || networkType.id === 4;
}
