// The part of the world that the map shows: all of it, or what the filters leave.

import type { WorldState } from './world.ts';

const sheet = { width: 1000, height: 490 };
/** Around the outermost nodes, and the least that is shown. */
const margin = 25;
const leastWidth = 160;

/** Comes close to the nodes that are shown, or shows the whole sheet. */
export function framed(svg: SVGSVGElement, { nodes, isShown, isNarrowed }: WorldState): void {
  const shown = isNarrowed ? [...nodes.values()].filter((node) => node.x !== undefined && isShown(node)) : [];
  const { x, y, width } =
    shown.length === 0 ? { x: 0, y: 0, width: sheet.width } : around(shown.map((node) => [node.x ?? 0, node.y ?? 0]));
  const box = [x, y, width, (width * sheet.height) / sheet.width].map((side) => side.toFixed(1)).join(' ');
  if (svg.getAttribute('viewBox') !== box) svg.setAttribute('viewBox', box);
}

/** A pixel of the screen, in units of the sheet. */
export function pixelOf(svg: SVGSVGElement): number {
  return svg.clientWidth === 0 ? 1 : svg.viewBox.baseVal.width / svg.clientWidth;
}

/** A box of the sheet's shape, and within it. */
function around(places: readonly (readonly [x: number, y: number])[]): {
  readonly x: number;
  readonly y: number;
  readonly width: number;
} {
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
  const [left, right, top, bottom] = [
    Math.min(...xs) - margin,
    Math.max(...xs) + margin,
    Math.min(...ys) - margin,
    Math.max(...ys) + margin,
  ];
  const width = Math.min(
    sheet.width,
    Math.max(leastWidth, right - left, ((bottom - top) * sheet.width) / sheet.height),
  );
  const within = (middle: number, size: number, most: number): number =>
    Math.min(Math.max(0, middle - size / 2), most - size);
  return {
    x: within((left + right) / 2, width, sheet.width),
    y: within((top + bottom) / 2, (width * sheet.height) / sheet.width, sheet.height),
    width,
  };
}
