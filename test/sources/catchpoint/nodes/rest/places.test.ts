// Continents and regions are found by id and name, or by an unambiguous name.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cityOf, continentsBy, regionsBy } from '../../../../../src/sources/catchpoint/nodes/rest/places.ts';

const golden = new URL('../../../../../../test/golden/nodes/', import.meta.url).pathname;
const { continents } = (
  JSON.parse(readFileSync(join(golden, 'v2-nodelocations.json'), 'utf8')) as { data: { continents: unknown[] } }
).data;

test('finds the continents in Catchpoint’s own lists', (t) => {
  const continentOf = continentsBy(continents);
  t.is(continentOf({ id: 333, name: 'Zürich' }, { id: 208, name: 'Switzerland' }), 'Europe');
  t.is(continentOf({ id: 702, name: 'Abidjan' }, { id: 52, name: "Côte d'Ivoire" }), 'Africa');
  t.is(continentOf({ id: 9999, name: 'Bern' }, { id: 208, name: 'Switzerland' }), 'Europe');
  t.is(continentOf({}, { name: 'switzerland' }), 'Europe');
  t.is(continentOf({ name: 'Bern' }, { id: 208, name: 'Elsewhere' }), undefined);
  t.is(continentOf({}, {}), undefined);
});

test('a country on two continents has the continent of its city, or none', (t) => {
  const turkey = (city: string, id: number) => ({ id: 90, name: 'Turkey', cities: [{ id, name: city }] });
  const continentOf = continentsBy([
    { id: 1, name: 'Europe', countries: [turkey('Edirne', 1)] },
    { id: 2, name: 'Asia', countries: [turkey('Ankara', 2)] },
  ]);
  t.is(continentOf({ name: 'Edirne' }, { id: 90, name: 'Turkey' }), 'Europe');
  t.is(continentOf({ id: 2, name: 'Ankara' }, { id: 90, name: 'Turkey' }), 'Asia');
});

test('cities with one name in one country differ by id, and have no region without it', (t) => {
  const row = (id: number, state: string) =>
    cityOf({ city: { id, name: 'Portland' }, state: { id, name: state }, country: { id: 224, name: 'United States' } });
  const regionOf = regionsBy([row(1, 'Oregon'), row(2, 'Maine'), row(2, 'Maine')]);
  const country = { id: 224, name: 'United States' };
  t.is(regionOf({ id: 2, name: 'Portland' }, country), 'Maine');
  t.is(regionOf({ id: 3, name: 'Portland' }, country), undefined);
  t.is(regionOf({ id: 1, name: 'Boston' }, country), undefined);
  t.is(regionOf({ id: 1, name: 'Portland' }, { name: 'United Kingdom' }), undefined);
});

test('entries of any other shape are ignored', (t) => {
  const continentOf = continentsBy([
    null,
    5,
    { name: 'Europe', countries: 'none' },
    { name: null, countries: [{}] },
    { name: 'Asia', countries: [null, { cities: 1 }] },
  ]);
  t.is(continentOf({ name: 'Bern' }, { name: 'Switzerland' }), undefined);
  t.is(regionsBy([cityOf(null), cityOf({ city: 'x' })])({ name: 'Bern' }, {}), undefined);
});
