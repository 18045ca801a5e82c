// The world on a sheet of 1000 by 490: the outlines of land and countries, and where on it the nodes stand.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { geoEqualEarth, geoPath, type GeoPermissibleObjects } from 'd3-geo';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import type { MapNode } from './messages.ts';
import type { SlicedNode } from './map-aggregates.ts';

/** A node with its place, in degrees, north and east positive. */
export interface PlacedNode extends SlicedNode {
  readonly latitude?: number | undefined;
  readonly longitude?: number | undefined;
}

/** Paths as SVG has them. */
export interface WorldOutlines {
  readonly sphere: string;
  readonly land: string;
  readonly borders: string;
}

const sheetWidth = 1000;
const sheetHeight = 490;

/** Equal areas, so that Europe's many nodes do not stand in the smallest corner of an inflated north. */
const projection = geoEqualEarth().fitSize([sheetWidth, sheetHeight], { type: 'Sphere' });

/** Of Natural Earth's at 1:110 million, which are in the public domain. */
export async function worldOutlines(): Promise<WorldOutlines> {
  const file = createRequire(import.meta.url).resolve('world-atlas/countries-110m.json');
  const world = JSON.parse(await readFile(file, 'utf8')) as Topology<{
    land: GeometryCollection;
    countries: GeometryCollection;
  }>;
  const path = geoPath(projection).digits(1);
  const drawn = (shape: GeoPermissibleObjects): string => path(shape) ?? '';
  const { land, countries } = world.objects;
  return {
    sphere: drawn({ type: 'Sphere' }),
    land: drawn(feature(world, land)),
    borders: drawn(mesh(world, countries, (a, b) => a !== b)),
  };
}

/** In a turn of this, each next node of a place stands a little further out, as seeds in a sunflower do. */
const goldenAngle = Math.PI * (3 - Math.sqrt(5));
const stepWidth = 2.6;

/** Every node, those with coordinates with their place on the sheet; nodes of one place stand around it. */
export function onSheet(nodes: readonly PlacedNode[]): MapNode[] {
  const atPlace = new Map<string, number>();
  return nodes.map((node) => {
    const { id, name = `node ${node.id}`, asn, isp, city, region, country, continent, latitude, longitude } = node;
    const shown = { id, name, asn, isp, city, region, country, continent };
    const point = latitude === undefined || longitude === undefined ? null : projection([longitude, latitude]);
    if (point === null) return shown;
    const place = `${Math.round(point[0])} ${Math.round(point[1])}`;
    const nth = atPlace.get(place) ?? 0;
    atPlace.set(place, nth + 1);
    const out = stepWidth * Math.sqrt(nth);
    const rounded = (value: number): number => Math.round(value * 10) / 10;
    return {
      ...shown,
      x: rounded(point[0] + out * Math.cos(nth * goldenAngle)),
      y: rounded(point[1] + out * Math.sin(nth * goldenAngle)),
    };
  });
}
