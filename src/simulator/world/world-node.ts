// A node of the simulated world, with everything that Catchpoint's REST APIs return about one.

/** A name with its id, as both APIs write places, providers and types. */
export interface Named {
  readonly id: number;
  readonly name: string;
}

export interface SimulatedNode {
  readonly id: number;
  /** Catchpoint's form: "City, CC - ISP". */
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
  /** The ids of v2's SyntheticNetworkType: 0 Backbone, 1 LastMile, 2 Wireless, 3 Private, 4 Enterprise, 5 PublicCloud. */
  readonly networkType: Named;
  readonly active: boolean;
  /** Addresses and CIDR ranges, comma-separated; empty if Catchpoint does not publish them. */
  readonly ipRanges: string;
}
