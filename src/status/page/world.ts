// What the map and its table show: the filters, and for them the figures that the bridge adds up.

import type { MapFigures, MapNode, RunFigures, SeenTest, SliceName } from '../messages.ts';
import { asked } from './event-stream.ts';
import { byId, element } from './markup.ts';

export interface WorldState {
  readonly nodes: ReadonlyMap<number, MapNode>;
  readonly figures: MapFigures;
  readonly figuresOf: ReadonlyMap<number, RunFigures>;
  readonly by: SliceName;
  /** What the marks are coloured by. */
  readonly colour: 'rtt' | 'errors';
  /** Whether a node passes the filters. */
  readonly isShown: (node: MapNode) => boolean;
  /** Whether a continent or an ISP is chosen. */
  readonly isNarrowed: boolean;
}

export interface World {
  /** Asks for the figures anew; what is still under way is waited for. */
  refresh(): Promise<void>;
}

const selects = {
  test: 'filter-test',
  continent: 'filter-continent',
  isp: 'filter-isp',
  minutes: 'minutes',
  by: 'by',
} as const;

/** @param show - called with each new state */
export function world(show: (state: WorldState) => void): World {
  const chosen = (name: keyof typeof selects): string => byId<HTMLSelectElement>(selects[name]).value;
  let nodes = new Map<number, MapNode>();
  let nodesTag = '';
  let figures: MapFigures | undefined;
  let underway: Promise<void> | undefined;
  let isWantedAgain = false;

  async function readNodes(): Promise<void> {
    const response = await fetch('status/nodes');
    const tag = response.headers.get('ETag') ?? '';
    if (!response.ok || (tag === nodesTag && nodes.size > 0)) return;
    nodesTag = tag;
    nodes = new Map(((await response.json()) as MapNode[]).map((node) => [node.id, node]));
    offer(
      'filter-continent',
      [...nodes.values()].map(({ continent }) => continent),
    );
    offer(
      'filter-isp',
      [...nodes.values()].map(({ isp }) => isp),
    );
  }

  function draw(): void {
    if (figures === undefined) return;
    const [continent, isp] = [chosen('continent'), chosen('isp')];
    show({
      nodes,
      figures,
      by: chosen('by') as SliceName,
      colour: byId<HTMLSelectElement>('colour').value === 'errors' ? 'errors' : 'rtt',
      figuresOf: new Map(figures.nodes.map((one) => [one.id, one])),
      isNarrowed: continent !== '' || isp !== '',
      isShown: (node) => (continent === '' || node.continent === continent) && (isp === '' || node.isp === isp),
    });
  }

  async function read(): Promise<void> {
    await readNodes();
    offerTests(await asked<SeenTest[]>('status/tests'));
    do {
      isWantedAgain = false;
      const search = new URLSearchParams(
        Object.keys(selects).map((name) => [name, chosen(name as keyof typeof selects)]),
      );
      figures = await asked<MapFigures>(`status/map?${search}`);
    } while (isWantedAgain);
    draw();
  }

  function refresh(): Promise<void> {
    isWantedAgain = underway !== undefined;
    underway ??= read().finally(() => void (underway = undefined));
    return underway.catch(() => undefined);
  }

  for (const id of Object.values(selects)) byId(id).addEventListener('change', () => void refresh());
  byId('colour').addEventListener('change', draw);
  return { refresh };
}

function option(value: string, text: string): HTMLOptionElement {
  return element('option', { value }, text);
}

/** Offers values beside "all", and leaves the choice as it is. */
function offer(id: string, values: readonly (string | undefined)[]): void {
  const known = [...new Set(values.filter((value) => value !== undefined))].toSorted((a, b) => a.localeCompare(b));
  fill(
    byId<HTMLSelectElement>(id),
    known.map((value) => [value, value]),
  );
}

function offerTests(tests: readonly SeenTest[]): void {
  fill(
    byId<HTMLSelectElement>('filter-test'),
    tests.map(({ id, name }) => [String(id), name === '' ? String(id) : `${id} · ${name}`]),
  );
}

function fill(select: HTMLSelectElement, offered: readonly (readonly [value: string, text: string])[]): void {
  const [all, ...rest] = select.options;
  if (
    all === undefined ||
    (rest.length === offered.length &&
      rest.every(({ value, text }, nth) => offered[nth]?.[0] === value && offered[nth]?.[1] === text))
  )
    return;
  const { value } = select;
  select.replaceChildren(all, ...offered.map(([each, text]) => option(each, text)));
  select.value = value;
}
