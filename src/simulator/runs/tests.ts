// The tests of the simulated Catchpoint, and the places of their servers.

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
  /** The version of Catchpoint's default JSON: 3 of 2016, or 4 with TestRuntime and labels. */
  readonly version: 3 | 4;
  /** The interval between a node's runs. */
  readonly everyMs: number;
  /** The places of its servers. The nearest one serves a node. */
  readonly origins: readonly Place[];
  /** The address of the server. */
  readonly address: string;
  /** The URL, or the name to look up. */
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

const dns = { kind: 'dns', typeId: 5, monitorTypeId: 13, version: 4, everyMs: 5 * minuteMs } as const;
const chrome = { monitorTypeId: 18, version: 4, labels: { Team: ['edge', 'web'] } } as const;
const web = { ...chrome, kind: 'web', typeId: 0, everyMs: 15 * minuteMs } as const;
const api = { kind: 'api', typeId: 9, monitorTypeId: 25, version: 4, everyMs: 5 * minuteMs } as const;
const ping = { kind: 'ping', typeId: 6, monitorTypeId: 8, version: 4, everyMs: 5 * minuteMs } as const;
const traceroute = { kind: 'traceroute', typeId: 12, monitorTypeId: 9, version: 4, everyMs: 15 * minuteMs } as const;

const anycastServer = { origins: anycast, address: '203.0.113.1', request: 'anycast-a.example.net' };

/** Ordered so that the first few are of several kinds. */
const tests: readonly SimulatedTest[] = [
  { ...nameServer(1, anycast), version: 3 },
  {
    ...web,
    id: 318842,
    name: 'Homepage (Chrome) / EU',
    origins: [frankfurt],
    address: '198.51.100.20',
    request: 'https://www.example.com/',
  },
  {
    ...api,
    id: 327001,
    name: 'API - GET /v1/status',
    origins: [ashburn, frankfurt, singapore],
    address: '198.51.100.40',
    request: 'https://api.example.com/v1/status',
  },
  { ...ping, ...anycastServer, id: 410020, name: 'Ping ICMP anycast-a' },
  { ...traceroute, ...anycastServer, id: 410021, name: 'Traceroute ICMP anycast-a' },
  {
    ...chrome,
    kind: 'transaction',
    typeId: 1,
    everyMs: 30 * minuteMs,
    id: 402310,
    name: 'Search & checkout (transaction)',
    origins: [dublin],
    address: '198.51.100.30',
    request: 'https://shop.example.com/',
  },
  nameServer(2, [ashburn, frankfurt, tokyo]),
  {
    ...web,
    id: 318843,
    name: 'Homepage (Chrome) / US',
    origins: [ashburn, sanJose],
    address: '198.51.100.21',
    request: 'https://www.example.com/en-US/',
  },
  {
    ...api,
    id: 327002,
    name: 'API - POST /v1/orders',
    origins: [ashburn],
    address: '198.51.100.40',
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

/** The first `count` tests. Beyond the ten above these are DNS tests of more name servers. */
export function simulatedTests(count = tests.length): SimulatedTest[] {
  const further = Array.from({ length: Math.max(0, count - tests.length) }, (_, index) =>
    nameServer(index + 3, anycast),
  );
  return [...tests, ...further].slice(0, count);
}

function nameServer(number: number, origins: readonly Place[]): SimulatedTest {
  return {
    ...dns,
    id: 204416 + number,
    name: `DNS direct - ns${number}.example.net (A)`,
    origins,
    address: `203.0.113.${Math.min(52 + number, 55)}`,
    request: 'www.example.com',
  };
}
