// The map: land, and a mark for each node, coloured by round trips or errors, shaped by errors, sized by runs.

import type { MapNode, RunFigures } from '../messages.ts';
import { asked } from './event-stream.ts';
import { byId, drawing, element } from './markup.ts';
import { milliseconds, share } from './numbers.ts';
import type { WorldState } from './world.ts';
import { framed, pixelOf } from './world-view.ts';

export interface WorldMap {
  show(state: WorldState): void;
}

/** How many of a node's runs failed, in words that are classes of page.css, too. */
type Health = 'ok' | 'some' | 'failing';

const someErrors = 0.02;
const manyErrors = 0.25;

/** Round trips up to here, ms; the last class is for what is longer. */
const rttBoundsMs = [30, 80, 150, 300];

/** @param point - told which node is pointed at or reached by the keyboard */
export function worldMap(point: (id: number) => void): WorldMap {
  const svg = byId<SVGSVGElement>('map');
  const marks = new Map<number, SVGElement>();
  const layer = drawing('g');
  let latest: WorldState | undefined;
  void drawLand(svg).then(() => svg.append(layer));
  new ResizeObserver(() => {
    if (latest !== undefined) drawMarks(marks, latest, pixelOf(svg));
  }).observe(svg);
  const reach = (target: EventTarget | null): void => {
    const id = Number((target as SVGElement | null)?.dataset['node']);
    if (Number.isInteger(id)) point(id);
  };
  layer.addEventListener('pointerover', ({ target }) => reach(target));
  layer.addEventListener('focusin', ({ target }) => reach(target));
  layer.addEventListener('keydown', (event) => walk(event, layer, marks, latest));
  return {
    show(state) {
      if (latest?.nodes !== state.nodes) placeMarks(layer, marks, state);
      latest = state;
      framed(svg, state);
      drawMarks(marks, state, pixelOf(svg));
      drawLegend(state);
      reachable(marks, state);
    },
  };
}

async function drawLand(svg: SVGSVGElement): Promise<void> {
  const { sphere, land, borders } = await asked<{ sphere: string; land: string; borders: string }>(
    `${document.body.dataset['files']}/world.json`,
  );
  svg.append(
    drawing('path', { d: sphere, class: 'sphere' }),
    drawing('path', { d: land, class: 'land' }),
    drawing('path', { d: borders, class: 'borders' }),
  );
}

function placeMarks(layer: SVGElement, marks: Map<number, SVGElement>, { nodes }: WorldState): void {
  marks.clear();
  const placed = [...nodes.values()].filter(({ x, y }) => x !== undefined && y !== undefined);
  for (const { id, x, y } of placed) {
    marks.set(
      id,
      drawing('path', { transform: `translate(${x} ${y})`, 'data-node': String(id), role: 'img', tabindex: '-1' }),
    );
  }
  layer.replaceChildren(...marks.values());
}

/** @param pixel - in units of the sheet, so that marks are as large on a phone, and from near, as from afar */
function drawMarks(
  marks: ReadonlyMap<number, SVGElement>,
  { nodes, figuresOf, colour, isShown }: WorldState,
  pixel: number,
): void {
  const most = Math.max(1, ...[...figuresOf.values()].map(({ runs }) => runs));
  for (const [id, mark] of marks) {
    const node = nodes.get(id) as MapNode;
    const figures = figuresOf.get(id);
    const size = pixel * (figures === undefined ? 1.5 : 2.2 + 3.8 * Math.sqrt(figures.runs / most));
    const health = figures === undefined ? 'ok' : healthOf(figures);
    if (health !== 'ok' && mark.dataset['health'] !== health && mark !== document.activeElement)
      mark.parentNode?.append(mark);
    mark.dataset['health'] = health;
    put(mark, 'd', shapeOf(health, size));
    put(mark, 'class', `mark ${colourOf(figures, colour)}${isShown(node) ? '' : ' out'}`);
    put(mark, 'aria-label', labelOf(node, figures));
  }
}

/** Only what changes is written, for there may be thousands. */
function put(mark: SVGElement, attribute: string, value: string): void {
  if (mark.getAttribute(attribute) !== value) mark.setAttribute(attribute, value);
}

function labelOf({ name }: MapNode, figures: RunFigures | undefined): string {
  if (figures === undefined) return `${name}: no runs`;
  return `${name}: ${figures.runs} runs, p50 ${milliseconds(figures.p50Ms)}, errors ${share(figures.errors, figures.runs)}`;
}

function healthOf({ runs, errors }: RunFigures): Health {
  const part = runs === 0 ? 0 : errors / runs;
  if (part >= manyErrors) return 'failing';
  return part >= someErrors ? 'some' : 'ok';
}

function colourOf(figures: RunFigures | undefined, colour: WorldState['colour']): string {
  if (figures === undefined) return '';
  return colour === 'errors' ? `errors-${healthOf(figures)}` : rttClass(figures.p50Ms);
}

function rttClass(ms: number | undefined): string {
  if (ms === undefined) return '';
  const place = rttBoundsMs.findIndex((bound) => ms <= bound);
  return `rtt-${place === -1 ? rttBoundsMs.length : place}`;
}

/** A circle, a triangle or a square that stands on its corner, around 0. */
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
      drawing(
        'svg',
        { viewBox: '-7 -7 14 14', 'aria-hidden': 'true' },
        drawing('path', { d: shapeOf(health, 5), class: `mark ${colours}` }),
      ),
      text,
    );
  const errorColour = (health: Health): string => (colour === 'errors' ? `errors-${health}` : '');
  const bounds = [...rttBoundsMs.map((bound) => `to ${bound} ms`), `over ${rttBoundsMs.at(-1)} ms`];
  legend.replaceChildren(
    ...(colour === 'rtt'
      ? [
          element('b', {}, 'RTT p50'),
          ...bounds.map((text, place) => entry('ok', `rtt-${place}`, text)),
          entry('ok', '', 'none measured'),
        ]
      : []),
    element('b', {}, 'Errors'),
    entry('ok', errorColour('ok'), `below ${someErrors * 100} %`),
    entry('some', errorColour('some'), `to ${manyErrors * 100} %`),
    entry('failing', errorColour('failing'), `${manyErrors * 100} % and more`),
  );
}

/** One mark can be reached with Tab: the one that was, else the shown one with the most runs. */
function reachable(marks: ReadonlyMap<number, SVGElement>, { figures, nodes, isShown }: WorldState): void {
  const shown = [...marks].filter(([id]) => isShown(nodes.get(id) as MapNode));
  const current = shown.find(([, mark]) => mark.getAttribute('tabindex') === '0');
  const busiest = figures.nodes
    .toSorted((a, b) => b.runs - a.runs)
    .find(({ id }) => shown.some(([other]) => other === id));
  const wanted = current?.[1] ?? marks.get(busiest?.id ?? shown[0]?.[0] ?? 0);
  for (const mark of marks.values()) put(mark, 'tabindex', mark === wanted ? '0' : '-1');
}

const directions: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

/** To the nearest mark that lies in the direction of the arrow key. */
function walk(
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
