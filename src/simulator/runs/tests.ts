// The tests of the simulated Catchpoint, and the places of their servers.

import { cities } from '../world/cities.ts';

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

const anycast = placesOf('Ashburn, Frankfurt, Singapore, São Paulo, San Jose, Sydney, Tokyo, London, Johannesburg');
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
    origins: placesOf('Frankfurt'),
    address: '198.51.100.20',
    request: 'https://www.example.com/',
  },
  {
    ...api,
    id: 327001,
    name: 'API - GET /v1/status',
    origins: placesOf('Ashburn, Frankfurt, Singapore'),
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
    origins: placesOf('Dublin'),
    address: '198.51.100.30',
    request: 'https://shop.example.com/',
  },
  nameServer(2, placesOf('Ashburn, Frankfurt, Tokyo')),
  {
    ...web,
    id: 318843,
    name: 'Homepage (Chrome) / US',
    origins: placesOf('Ashburn, San Jose'),
    address: '198.51.100.21',
    request: 'https://www.example.com/en-US/',
  },
  {
    ...api,
    id: 327002,
    name: 'API - POST /v1/orders',
    origins: placesOf('Ashburn'),
    address: '198.51.100.40',
    request: 'https://api.example.com/v1/orders',
  },
  {
    ...ping,
    id: 410022,
    name: 'Ping ICMP origin-sin',
    origins: placesOf('Singapore'),
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

function placesOf(cityNames: string): Place[] {
  const names = cityNames.split(', ');
  return cities.flatMap(([name, , , latitude, longitude]) => (names.includes(name) ? [{ latitude, longitude }] : []));
}
