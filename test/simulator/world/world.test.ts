// The simulated world: its nodes look like Catchpoint's and are the same for the same seed.

import test from 'ava';
import { cities } from '../../../src/simulator/world/cities.ts';
import { countries } from '../../../src/simulator/world/countries.ts';
import { clouds } from '../../../src/simulator/world/providers.ts';
import { world } from '../../../src/simulator/world/world.ts';

const nodes = world();

test('the world has 300 nodes, in the order of their ids', (t) => {
  const ids = nodes.map(({ id }) => id);
  t.is(nodes.length, 300);
  t.is(new Set(ids).size, 300);
  t.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  );
});

test('node names are "City, CC - ISP", and no two are the same', (t) => {
  for (const { name, city, isp } of nodes) {
    t.regex(name, /^.+, [A-Z]{2} - .+$/);
    t.true(name.startsWith(`${city.name}, `) && name.endsWith(` - ${isp.name}`), name);
  }
  t.is(new Set(nodes.map(({ name }) => name)).size, nodes.length);
});

test('the nodes are on every continent but Antarctica', (t) => {
  const continents = new Set(nodes.map(({ continent }) => continent.name));
  t.deepEqual([...continents].toSorted(), ['Africa', 'Asia', 'Europe', 'North America', 'Oceania', 'South America']);
});

test('most nodes are backbone nodes, and every other type of network has some', (t) => {
  const share = (type: string): number =>
    nodes.filter(({ networkType }) => networkType.name === type).length / nodes.length;
  t.true(share('Backbone') > 0.5);
  for (const type of ['Last Mile', 'Wireless', 'Public Cloud']) t.true(share(type) > 0.03, type);
});

test('each place has a unique id', (t) => {
  for (const dimension of ['isp', 'city', 'region', 'country', 'continent'] as const) {
    const names = new Map<number, string>();
    for (const node of nodes) {
      const { id, name } = node[dimension] ?? { id: 0, name: '' };
      t.is(names.get(id) ?? name, name, dimension);
      names.set(id, name);
    }
  }
  t.is(new Set(nodes.map(({ city }) => city.id)).size, new Set(nodes.map(({ name }) => name.split(' - ')[0])).size);
});

test('the same seed gives the same world, another seed another world', (t) => {
  t.deepEqual(world({ seed: 7 }), world({ seed: 7 }));
  t.notDeepEqual(world({ seed: 7 }), world({ seed: 8 }));
});

test('a larger world also has IPv6 nodes, and no node twice', (t) => {
  const large = world({ count: 1500 });
  t.is(new Set(large.map(({ name }) => name)).size, 1500);
  t.true(large.some(({ name, ipRanges }) => name.endsWith(' IPv6') && ipRanges.startsWith('2001:db8:')));
});

test('the error for an invalid count names it', (t) => {
  t.throws(() => world({ count: 0 }), { message: /expected an integer from 1 to \d+, found 0/ });
  t.throws(() => world({ count: 1e6 }), { message: /found 1000000/ });
});

test('every city has valid coordinates and a country with providers', (t) => {
  t.true(cities.length > 100);
  for (const [name, region, countryCode, latitude, longitude] of cities) {
    t.true(Math.abs(latitude) < 70 && Math.abs(longitude) <= 180 && region !== '', name);
    t.true((countries.get(countryCode)?.providers.length ?? 0) > 0, name);
  }
  const names = new Set(cities.map(([name]) => name));
  for (const { cityNames } of clouds)
    t.deepEqual(
      cityNames.filter((name) => !names.has(name)),
      [],
    );
});

test('every country is parsed, and its providers have distinct names and AS numbers', (t) => {
  for (const [code, { name, continent, impairment, providers }] of countries) {
    t.regex(`${code} ${name} ${continent} ${impairment}`, /^[A-Z]{2} \S.* [1-3]$/);
    t.true(
      providers.every((provider) => provider.asn > 0 && provider.asnName !== ''),
      code,
    );
    t.is(new Set(providers.map((provider) => provider.name)).size, providers.length, code);
    t.is(new Set(providers.map(({ asn }) => asn)).size, providers.length, code);
  }
});
