// The part of the map that is visible: the whole world, or the nodes that pass the filters.

import type { WorldState } from './world.ts';

const map = { width: 1000, height: 490 };
/** Around the outermost nodes. */
const margin = 25;
const minWidth = 160;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Zooms to the nodes that pass the filters, or out to the whole map. */
export function zoom(svg: SVGSVGElement, { nodes, isShown, isFiltered }: WorldState): void {
  const points = [...nodes.values()].flatMap((node) =>
    isFiltered && node.x !== undefined && isShown(node) ? [{ x: node.x, y: node.y ?? 0 }] : [],
  );
  const { x, y, width } = points.length === 0 ? { x: 0, y: 0, width: map.width } : boxAround(points);
  const box = [x, y, width, (width * map.height) / map.width].map((side) => side.toFixed(1)).join(' ');
  if (svg.getAttribute('viewBox') !== box) svg.setAttribute('viewBox', box);
}

/** The size of a pixel in units of the map. */
export function pixelOf(svg: SVGSVGElement): number {
  return svg.clientWidth === 0 ? 1 : svg.viewBox.baseVal.width / svg.clientWidth;
}

/** Has the aspect ratio of the map, and is within it. */
function boxAround(points: readonly Point[]): Point & { readonly width: number } {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, right] = [Math.min(...xs) - margin, Math.max(...xs) + margin];
  const [top, bottom] = [Math.min(...ys) - margin, Math.max(...ys) + margin];
  const width = Math.min(map.width, Math.max(minWidth, right - left, ((bottom - top) * map.width) / map.height));
  const start = (middle: number, size: number, max: number): number =>
    Math.min(Math.max(0, middle - size / 2), max - size);
  return {
    x: start((left + right) / 2, width, map.width),
    y: start((top + bottom) / 2, (width * map.height) / map.width, map.height),
    width,
  };
}
