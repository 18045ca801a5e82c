// Projects the world onto the map, 1000 by 490 units: the outlines of land and countries, and the places of nodes.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { geoEqualEarth, geoPath, type GeoPermissibleObjects } from 'd3-geo';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import type { SlicedNode } from './map-aggregates.ts';
import type { MapNode } from './messages.ts';

/** Coordinates in degrees, north and east positive. */
export interface LocatedNode extends SlicedNode {
  readonly latitude?: number | undefined;
  readonly longitude?: number | undefined;
}

/** SVG paths. */
interface WorldOutlines {
  readonly sphere: string;
  readonly land: string;
  readonly borders: string;
}

const mapWidth = 1000;
const mapHeight = 490;

/** Preserves areas. Mercator would inflate the north and leave Europe, with most nodes, too little of the map. */
const projection = geoEqualEarth().fitSize([mapWidth, mapHeight], { type: 'Sphere' });

/** From Natural Earth at 1:110 million, in the public domain. */
export async function worldOutlines(): Promise<WorldOutlines> {
  const file = createRequire(import.meta.url).resolve('world-atlas/countries-110m.json');
  const world = JSON.parse(await readFile(file, 'utf8')) as Topology<{
    land: GeometryCollection;
    countries: GeometryCollection;
  }>;
  const path = geoPath(projection).digits(1);
  const pathOf = (shape: GeoPermissibleObjects): string => path(shape) ?? '';
  const { land, countries } = world.objects;
  return {
    sphere: pathOf({ type: 'Sphere' }),
    land: pathOf(feature(world, land)),
    borders: pathOf(mesh(world, countries, (a, b) => a !== b)),
  };
}

/** Nodes at one place are spread in a sunflower pattern: each is turned by this angle, and a little further out. */
const goldenAngle = Math.PI * (3 - Math.sqrt(5));
const spread = 2.6;

/** Nodes without coordinates have no x and y. */
export function placedOnMap(nodes: readonly LocatedNode[]): MapNode[] {
  const countAt = new Map<string, number>();
  return nodes.map((node) => {
    const { id, name = `node ${node.id}`, asn, isp, city, region, country, continent, latitude, longitude } = node;
    const unplaced = { id, name, asn, isp, city, region, country, continent };
    const point = latitude === undefined || longitude === undefined ? null : projection([longitude, latitude]);
    if (point === null) return unplaced;
    const place = `${Math.round(point[0])} ${Math.round(point[1])}`;
    const nth = countAt.get(place) ?? 0;
    countAt.set(place, nth + 1);
    const distance = spread * Math.sqrt(nth);
    const rounded = (value: number): number => Math.round(value * 10) / 10;
    return {
      ...unplaced,
      x: rounded(point[0] + distance * Math.cos(nth * goldenAngle)),
      y: rounded(point[1] + distance * Math.sin(nth * goldenAngle)),
    };
  });
}
