// The tests that the simulated Catchpoint runs, and where the servers stand that they ask.

/** Degrees, north and east positive. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

export type TestKind = 'dns' | 'web' | 'transaction' | 'api' | 'ping' | 'traceroute';

export interface SimulatedTest {
  readonly id: number;
  readonly name: string;
  readonly kind: TestKind;
  /** TestDetail.TypeId: v2's DisplayTestType. */
  readonly typeId: number;
  /** TestDetail.MonitorTypeId: v2's DisplayMonitorType. */
  readonly monitorTypeId: number;
  /** The generation of Catchpoint's default JSON: 3 of 2016, or 4 with TestRuntime and labels. */
  readonly version: 3 | 4;
  /** How often each node runs it. */
  readonly everyMs: number;
  /** Where it is answered; a node is served by the nearest. */
  readonly origins: readonly Place[];
  /** The address that is asked. */
  readonly address: string;
  /** The URL, or the name looked up. */
  readonly request: string;
  readonly labels?: Readonly<Record<string, readonly string[]>>;
}

const ashburn = { latitude: 39.04, longitude: -77.49 };
const frankfurt = { latitude: 50.11, longitude: 8.68 };
const singapore = { latitude: 1.35, longitude: 103.82 };
const saoPaulo = { latitude: -23.55, longitude: -46.63 };
const sanJose = { latitude: 37.34, longitude: -121.89 };
const sydney = { latitude: -33.87, longitude: 151.21 };
const tokyo = { latitude: 35.68, longitude: 139.69 };
const london = { latitude: 51.51, longitude: -0.13 };
const dublin = { latitude: 53.35, longitude: -6.26 };
const johannesburg = { latitude: -26.2, longitude: 28.05 };

const anycast = [ashburn, frankfurt, singapore, saoPaulo, sanJose, sydney, tokyo, london, johannesburg];
const minuteMs = 60_000;

const dns = { kind: 'dns', typeId: 5, monitorTypeId: 13, everyMs: 5 * minuteMs, request: 'www.example.com' } as const;
const chrome = { monitorTypeId: 18, version: 4, everyMs: 15 * minuteMs, labels: { Team: ['edge', 'web'] } } as const;
const api = {
  kind: 'api',
  typeId: 9,
  monitorTypeId: 25,
  version: 4,
  everyMs: 5 * minuteMs,
  address: '198.51.100.40',
} as const;
const ping = { kind: 'ping', typeId: 6, monitorTypeId: 8, version: 4, everyMs: 5 * minuteMs } as const;
const traceroute = { kind: 'traceroute', typeId: 12, monitorTypeId: 9, version: 4, everyMs: 15 * minuteMs } as const;

/** In such an order that the first few are of several kinds. */
const written: readonly SimulatedTest[] = [
  {
    ...dns,
    id: 204417,
    name: 'DNS direct - ns1.example.net (A)',
    version: 3,
    origins: anycast,
    address: '203.0.113.53',
  },
  {
    ...chrome,
    id: 318842,
    name: 'Homepage (Chrome) / EU',
    kind: 'web',
    typeId: 0,
    origins: [frankfurt],
    address: '198.51.100.20',
    request: 'https://www.example.com/',
  },
  {
    ...api,
    id: 327001,
    name: 'API - GET /v1/status',
    origins: [ashburn, frankfurt, singapore],
    request: 'https://api.example.com/v1/status',
  },
  {
    ...ping,
    id: 410020,
    name: 'Ping ICMP anycast-a',
    origins: anycast,
    address: '203.0.113.1',
    request: 'anycast-a.example.net',
  },
  {
    ...traceroute,
    id: 410021,
    name: 'Traceroute ICMP anycast-a',
    origins: anycast,
    address: '203.0.113.1',
    request: 'anycast-a.example.net',
  },
  {
    ...chrome,
    id: 402310,
    name: 'Search & checkout (transaction)',
    kind: 'transaction',
    typeId: 1,
    everyMs: 30 * minuteMs,
    origins: [dublin],
    address: '198.51.100.30',
    request: 'https://shop.example.com/',
  },
  {
    ...dns,
    id: 204418,
    name: 'DNS direct - ns2.example.net (A)',
    version: 4,
    origins: [ashburn, frankfurt, tokyo],
    address: '203.0.113.54',
  },
  {
    ...chrome,
    id: 318843,
    name: 'Homepage (Chrome) / US',
    kind: 'web',
    typeId: 0,
    origins: [ashburn, sanJose],
    address: '198.51.100.21',
    request: 'https://www.example.com/en-US/',
  },
  {
    ...api,
    id: 327002,
    name: 'API - POST /v1/orders',
    origins: [ashburn],
    request: 'https://api.example.com/v1/orders',
  },
  {
    ...ping,
    id: 410022,
    name: 'Ping ICMP origin-sin',
    origins: [singapore],
    address: '203.0.113.2',
    request: 'origin-sin.example.net',
  },
];

/** The first `count` tests; beyond the ten that are written down here come DNS tests of further name servers. */
export function simulatedTests(count = written.length): SimulatedTest[] {
  const further = Array.from({ length: Math.max(0, count - written.length) }, (_, nth): SimulatedTest => {
    const name = `DNS direct - ns${nth + 3}.example.net (A)`;
    return { ...dns, id: 204419 + nth, name, version: 4, origins: anycast, address: '203.0.113.55' };
  });
  return [...written, ...further].slice(0, count);
}
