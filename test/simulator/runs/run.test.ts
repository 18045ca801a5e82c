// Simulated runs fit the distance, the network and the incident of the moment.

import test from 'ava';
import { calm, type Incident, incidents } from '../../../src/simulator/runs/incidents.ts';
import { baseRttMs, distanceKm } from '../../../src/simulator/runs/rtt.ts';
import { type Run, runOf } from '../../../src/simulator/runs/run.ts';
import { seeded } from '../../../src/simulator/seeded.ts';
import { type SimulatedTest, simulatedTests } from '../../../src/simulator/runs/tests.ts';
import { world } from '../../../src/simulator/world/world.ts';
import type { SimulatedNode } from '../../../src/simulator/world/world-node.ts';

const noon = Date.UTC(2026, 10, 21, 12);
const nodes = world();
const tests = simulatedTests();

const testNamed = (name: string): SimulatedTest => tests.find((one) => one.name === name) as SimulatedTest;
const nodeIn = (city: string): SimulatedNode => nodes.find((node) => node.city.name === city) as SimulatedNode;

function runs(
  one: SimulatedTest,
  node: SimulatedNode,
  count: number,
  options: Partial<Parameters<typeof runOf>[3]> = {},
): Run[] {
  const complete = { random: seeded(5), incidents: calm, ...options };
  return Array.from({ length: count }, (_, index) => runOf(one, node, noon + index * 1000, complete));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

function incident(changes: Partial<Incident>): Incident {
  return { title: 'trouble', startMs: 0, endMs: Infinity, delayMs: 0, failingShare: 0, hits: () => true, ...changes };
}

test('distances are great-circle distances', (t) => {
  const km = distanceKm({ latitude: 51.51, longitude: -0.13 }, { latitude: 40.71, longitude: -74.01 });
  t.true(Math.abs(km - 5570) < 20, `${km} km`);
});

test('request times grow with the distance from the origin', (t) => {
  const homepage = testNamed('Homepage (Chrome) / EU');
  const medians = ['Frankfurt', 'New York', 'Sydney'].map((city) =>
    median(runs(homepage, nodeIn(city), 101).map(({ timing }) => timing['Connect'] as number)),
  );
  t.deepEqual(
    medians,
    medians.toSorted((a, b) => a - b),
  );
  t.true((medians[2] as number) > 5 * (medians[0] as number), medians.join(', '));
});

test('no round trip is faster than light in glass', (t) => {
  for (const one of tests) {
    for (const node of nodes) {
      const km = Math.min(...one.origins.map((place) => distanceKm(node, place)));
      t.true(baseRttMs(node, one.origins) > (2 * km) / 200);
    }
  }
});

test('about one run in a hundred fails, with the codes of its kind', (t) => {
  const all = nodes.flatMap((node) => runs(testNamed('API - POST /v1/orders'), node, 40, { random: seeded(node.id) }));
  const failed = all.filter(({ failure }) => failure !== undefined);
  t.true(failed.length / all.length > 0.004 && failed.length / all.length < 0.02, `${failed.length} of ${all.length}`);
  const codes = new Set(failed.flatMap(({ failure }) => failure?.code ?? []));
  t.deepEqual(
    [...codes].toSorted((a, b) => a - b),
    [12175, 50005, 50010, 50011],
  );
});

test('an incident slows and fails the runs of the nodes that it hits, and only those', (t) => {
  const node = nodeIn('Madrid');
  const ping = testNamed('Ping ICMP anycast-a');
  const averageMs = (some: readonly Run[]): number => median(some.map((run) => run.ping?.averageMs ?? 0));
  const calmMs = averageMs(runs(ping, node, 51));
  const slow = incident({ delayMs: 200, hits: ({ id }) => id === node.id });
  const slowed = averageMs(runs(ping, node, 51, { incidents: () => slow }));
  t.true(slowed > calmMs + 190 && slowed < calmMs + 230);
  t.is(
    averageMs(runs(ping, nodeIn('London'), 51, { incidents: () => slow })),
    averageMs(runs(ping, nodeIn('London'), 51)),
  );
  t.true(
    runs(ping, node, 20, { incidents: () => incident({ failingShare: 1 }) }).every(
      ({ failure }) => failure?.code === 50005,
    ),
  );
});

test('incidents come one at a time, last a while, and end', (t) => {
  const at = incidents({ nodes, random: seeded(3), gapMs: 10_000, lastsMs: 10_000 });
  const bySecond = Array.from({ length: 600 }, (_, second) => at(noon + second * 1000));
  const distinct = new Set(bySecond.filter((incident) => incident !== undefined));
  t.true(distinct.size > 10);
  t.true(bySecond.includes(undefined));
  for (const one of distinct) t.true(nodes.some(one.hits) && !nodes.every(one.hits), one.title);
});

test('a failed ping has no round trip, and a failed traceroute ends with a silent hop', (t) => {
  const failing = { incidents: () => incident({ failingShare: 1 }) };
  const [ping] = runs(testNamed('Ping ICMP anycast-a'), nodeIn('Lagos'), 1, failing);
  t.deepEqual(ping?.ping, { averageMs: undefined, lossPct: 100 });
  const [traceroute] = runs(testNamed('Traceroute ICMP anycast-a'), nodeIn('Lagos'), 1, failing);
  t.deepEqual(traceroute?.hops?.at(-1), { roundTripsMs: [null, null, null] });
});

test('a traceroute ends at the address of the server, and times grow along the route', (t) => {
  const [run] = runs(testNamed('Traceroute ICMP anycast-a'), nodeIn('Nairobi'), 1);
  const hops = run?.hops ?? [];
  t.is(hops.at(-1)?.address, '203.0.113.1');
  const firsts = hops.map(({ roundTripsMs }) => roundTripsMs[0]).filter((ms) => typeof ms === 'number');
  t.true((firsts.at(-1) as number) > (firsts[0] as number));
});

test('timings are whole milliseconds, and the phases fit into the total', (t) => {
  for (const one of tests) {
    for (const { timing } of runs(one, nodeIn('Singapore'), 200)) {
      const { Total, Dns = 0, Connect = 0, Ssl = 0, Wait = 0, Load = 0 } = timing as Readonly<Record<string, number>>;
      t.true(Object.values(timing).every((ms) => Number.isInteger(ms) && ms >= 0));
      t.true(Dns + Connect + Ssl + Wait + Load <= (Total as number) + 3, one.name);
    }
  }
});

test('tests beyond the ten are DNS tests with distinct ids', (t) => {
  const many = simulatedTests(50);
  t.is(new Set(many.map(({ id }) => id)).size, 50);
  t.true(many.slice(10).every(({ kind }) => kind === 'dns'));
  t.deepEqual(simulatedTests(3), tests.slice(0, 3));
});
