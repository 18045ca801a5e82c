// The map: land, and a mark for each node. Colour shows RTT or errors, shape shows errors, size shows runs.

import type { MapNode, RunStats } from '../messages.ts';
import { fetchJson } from './event-stream.ts';
import { byId, svgElement, element } from './markup.ts';
import { milliseconds, share } from './numbers.ts';
import type { WorldState } from './world.ts';
import { pixelOf, zoom } from './world-view.ts';

/** By the share of failed runs. The names are classes of page.css. */
type Health = 'ok' | 'some' | 'failing';

/** Shares of failed runs. */
const someErrors = 0.02;
const failingErrors = 0.25;

/** Upper bounds of the colour classes; the last class has none. */
const rttBoundsMs = [30, 80, 150, 300];

/** @param select - called with the node under the pointer, or with the focus */
export function worldMap(select: (nodeId: number) => void): (state: WorldState) => void {
  const svg = byId('map') as unknown as SVGSVGElement;
  const marks = new Map<number, SVGElement>();
  const layer = svgElement('g');
  let latest: WorldState | undefined;
  void drawLand(svg).then(() => svg.append(layer));
  new ResizeObserver(() => {
    if (latest !== undefined) drawMarks(marks, latest, pixelOf(svg));
  }).observe(svg);
  const selectMark = ({ target }: Event): void => {
    const id = Number((target as SVGElement | null)?.dataset['node']);
    if (Number.isInteger(id)) select(id);
  };
  layer.addEventListener('pointerover', selectMark);
  layer.addEventListener('focusin', selectMark);
  layer.addEventListener('keydown', (event) => moveFocus(event, layer, marks, latest));
  return (state) => {
    if (latest?.nodes !== state.nodes) placeMarks(layer, marks, state);
    latest = state;
    zoom(svg, state);
    drawMarks(marks, state, pixelOf(svg));
    drawLegend(state);
    setTabStop(marks, state);
  };
}

async function drawLand(svg: SVGSVGElement): Promise<void> {
  const { sphere, land, borders } = await fetchJson<{ sphere: string; land: string; borders: string }>(
    `${document.body.dataset['files']}/world.json`,
  );
  svg.append(
    svgElement('path', { d: sphere, class: 'sphere' }),
    svgElement('path', { d: land, class: 'land' }),
    svgElement('path', { d: borders, class: 'borders' }),
  );
}

function placeMarks(layer: SVGElement, marks: Map<number, SVGElement>, { nodes }: WorldState): void {
  marks.clear();
  const placed = [...nodes.values()].filter(({ x, y }) => x !== undefined && y !== undefined);
  for (const { id, x, y } of placed) {
    marks.set(
      id,
      svgElement('path', { transform: `translate(${x} ${y})`, 'data-node': String(id), role: 'img', tabindex: '-1' }),
    );
  }
  layer.replaceChildren(...marks.values());
}

/** @param pixel - in units of the map: marks have the same size on every screen, at every zoom */
function drawMarks(
  marks: ReadonlyMap<number, SVGElement>,
  { nodes, statsOf, colour, isShown }: WorldState,
  pixel: number,
): void {
  const maxRuns = Math.max(1, ...[...statsOf.values()].map(({ runs }) => runs));
  for (const [id, mark] of marks) {
    const node = nodes.get(id) as MapNode;
    const stats = statsOf.get(id);
    const size = pixel * (stats === undefined ? 1.5 : 2.2 + 3.8 * Math.sqrt(stats.runs / maxRuns));
    const health = stats === undefined ? 'ok' : healthOf(stats);
    if (health !== 'ok' && mark.dataset['health'] !== health && mark !== document.activeElement)
      mark.parentNode?.append(mark);
    mark.dataset['health'] = health;
    setAttribute(mark, 'd', shapeOf(health, size));
    setAttribute(mark, 'class', `mark ${colourOf(stats, colour)}${isShown(node) ? '' : ' out'}`);
    setAttribute(mark, 'aria-label', labelOf(node, stats));
  }
}

/** Leaves equal values alone: there may be thousands of marks. */
function setAttribute(mark: SVGElement, attribute: string, value: string): void {
  if (mark.getAttribute(attribute) !== value) mark.setAttribute(attribute, value);
}

function labelOf({ name }: MapNode, stats: RunStats | undefined): string {
  if (stats === undefined) return `${name}: no runs`;
  return `${name}: ${stats.runs} runs, p50 ${milliseconds(stats.p50Ms)}, errors ${share(stats.errors, stats.runs)}`;
}

function healthOf({ runs, errors }: RunStats): Health {
  const ratio = runs === 0 ? 0 : errors / runs;
  if (ratio >= failingErrors) return 'failing';
  return ratio >= someErrors ? 'some' : 'ok';
}

function colourOf(stats: RunStats | undefined, colour: WorldState['colour']): string {
  if (stats === undefined) return '';
  return colour === 'errors' ? `errors-${healthOf(stats)}` : rttClass(stats.p50Ms);
}

function rttClass(ms: number | undefined): string {
  if (ms === undefined) return '';
  const at = rttBoundsMs.findIndex((bound) => ms <= bound);
  return `rtt-${at === -1 ? rttBoundsMs.length : at}`;
}

/** A circle, a triangle or a diamond around 0. */
function shapeOf(health: Health, size: number): string {
  const r = (size * 1.25).toFixed(2);
  const s = size.toFixed(2);
  if (health === 'failing') return `M0-${r}L${r} 0L0 ${r}L-${r} 0Z`;
  if (health === 'some') return `M0-${r}L${r} ${s}L-${r} ${s}Z`;
  return `M-${s} 0A${s} ${s} 0 1 0 ${s} 0A${s} ${s} 0 1 0-${s} 0Z`;
}

function drawLegend({ colour }: WorldState): void {
  const legend = byId('legend');
  if (legend.dataset['colour'] === colour) return;
  legend.dataset['colour'] = colour;
  const entry = (health: Health, colours: string, text: string): HTMLElement =>
    element(
      'span',
      {},
      svgElement(
        'svg',
        { viewBox: '-7 -7 14 14', 'aria-hidden': 'true' },
        svgElement('path', { d: shapeOf(health, 5), class: `mark ${colours}` }),
      ),
      text,
    );
  const errorColour = (health: Health): string => (colour === 'errors' ? `errors-${health}` : '');
  const bounds = [...rttBoundsMs.map((bound) => `to ${bound} ms`), `over ${rttBoundsMs.at(-1)} ms`];
  legend.replaceChildren(
    ...(colour === 'rtt'
      ? [
          element('b', {}, 'RTT p50'),
          ...bounds.map((text, nth) => entry('ok', `rtt-${nth}`, text)),
          entry('ok', '', 'none measured'),
        ]
      : []),
    element('b', {}, 'Errors'),
    entry('ok', errorColour('ok'), `below ${someErrors * 100} %`),
    entry('some', errorColour('some'), `to ${failingErrors * 100} %`),
    entry('failing', errorColour('failing'), `${failingErrors * 100} % and more`),
  );
}

/** One mark can be reached with Tab: the current one or, if the filters exclude it, the one with the most runs. */
function setTabStop(marks: ReadonlyMap<number, SVGElement>, { stats, nodes, isShown }: WorldState): void {
  const shown = [...marks].filter(([id]) => isShown(nodes.get(id) as MapNode));
  const current = shown.find(([, mark]) => mark.getAttribute('tabindex') === '0');
  const busiest = stats.nodes
    .toSorted((a, b) => b.runs - a.runs)
    .find(({ id }) => shown.some(([other]) => other === id));
  const tabStop = current?.[1] ?? marks.get(busiest?.id ?? shown[0]?.[0] ?? 0);
  for (const mark of marks.values()) setAttribute(mark, 'tabindex', mark === tabStop ? '0' : '-1');
}

const directions: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

/** Moves the focus to the nearest mark in the direction of the arrow key. */
function moveFocus(
  event: KeyboardEvent,
  layer: SVGElement,
  marks: ReadonlyMap<number, SVGElement>,
  state: WorldState | undefined,
): void {
  const direction = directions[event.key];
  const from = state?.nodes.get(Number((event.target as SVGElement).dataset['node']));
  if (direction === undefined || state === undefined || from === undefined) return;
  event.preventDefault();
  const [dx, dy] = direction;
  let best: { readonly id: number; readonly cost: number } | undefined;
  for (const [id, node] of state.nodes) {
    if (!marks.has(id) || !state.isShown(node) || id === from.id) continue;
    const [x, y] = [(node.x ?? 0) - (from.x ?? 0), (node.y ?? 0) - (from.y ?? 0)];
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (ahead > aside / 2 && (best === undefined || ahead + 2 * aside < best.cost))
      best = { id, cost: ahead + 2 * aside };
  }
  const next = best === undefined ? undefined : marks.get(best.id);
  if (next === undefined) return;
  for (const mark of layer.querySelectorAll('[tabindex="0"]')) mark.setAttribute('tabindex', '-1');
  next.setAttribute('tabindex', '0');
  next.focus();
}
