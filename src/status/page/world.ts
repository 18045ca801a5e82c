// The state of the map and its table: the chosen filters, and the statistics for them.

import type { MapNode, MapStats, RunStats, TestName } from '../messages.ts';
import { fetchJson } from './event-stream.ts';
import { byId, element, selectById } from './markup.ts';

export interface WorldState {
  readonly nodes: ReadonlyMap<number, MapNode>;
  readonly stats: MapStats;
  readonly statsOf: ReadonlyMap<number, RunStats>;
  readonly colour: 'rtt' | 'errors';
  /** True for nodes that pass the filters. */
  readonly isShown: (node: MapNode) => boolean;
  /** A continent or an ISP is chosen. */
  readonly isFiltered: boolean;
}

/** Ids of the selects by their names in the query of /status/map. */
const selects = {
  test: 'filter-test',
  continent: 'filter-continent',
  isp: 'filter-isp',
  minutes: 'minutes',
  by: 'by',
} as const;

/** Returns a function that reads the statistics again, after a read in progress. */
export function world(show: (state: WorldState) => void): () => Promise<void> {
  const chosen = (name: keyof typeof selects): string => selectById(selects[name]).value;
  let nodes = new Map<number, MapNode>();
  let nodesTag = '';
  let stats: MapStats | undefined;
  let reading: Promise<void> | undefined;
  let isReadAgain = false;

  async function readNodes(): Promise<void> {
    const response = await fetch('status/nodes');
    const tag = response.headers.get('ETag') ?? '';
    if (!response.ok || (tag === nodesTag && nodes.size > 0)) return;
    nodesTag = tag;
    const all = (await response.json()) as MapNode[];
    nodes = new Map(all.map((node) => [node.id, node]));
    offer(
      selects.continent,
      all.map(({ continent }) => continent),
    );
    offer(
      selects.isp,
      all.map(({ isp }) => isp),
    );
  }

  function draw(): void {
    if (stats === undefined) return;
    const [continent, isp] = [chosen('continent'), chosen('isp')];
    show({
      nodes,
      stats,
      colour: selectById('colour').value === 'errors' ? 'errors' : 'rtt',
      statsOf: new Map(stats.nodes.map((node) => [node.id, node])),
      isFiltered: continent !== '' || isp !== '',
      isShown: (node) => (continent === '' || node.continent === continent) && (isp === '' || node.isp === isp),
    });
  }

  async function read(): Promise<void> {
    await readNodes();
    const tests = await fetchJson<TestName[]>('status/tests');
    setOptions(
      selects.test,
      tests.map(({ id, name }) => [String(id), name === '' ? String(id) : `${id} · ${name}`]),
    );
    do {
      isReadAgain = false;
      const query = new URLSearchParams(
        Object.keys(selects).map((name) => [name, chosen(name as keyof typeof selects)]),
      );
      stats = await fetchJson<MapStats>(`status/map?${query}`);
    } while (isReadAgain);
    draw();
  }

  function refresh(): Promise<void> {
    isReadAgain = reading !== undefined;
    reading ??= read().finally(() => void (reading = undefined));
    return reading.catch(() => undefined);
  }

  for (const id of Object.values(selects)) byId(id).addEventListener('change', () => void refresh());
  byId('colour').addEventListener('change', draw);
  return refresh;
}

function offer(selectId: string, values: readonly (string | undefined)[]): void {
  const known = [...new Set(values.filter((value) => value !== undefined))].toSorted((a, b) => a.localeCompare(b));
  setOptions(
    selectId,
    known.map((value) => [value, value]),
  );
}

/** Sets the options after the first, which is "all". The choice stays. */
function setOptions(selectId: string, options: readonly (readonly [value: string, text: string])[]): void {
  const select = selectById(selectId);
  const [all, ...rest] = select.options;
  const isSame =
    rest.length === options.length &&
    rest.every(({ value, text }, nth) => options[nth]?.[0] === value && options[nth]?.[1] === text);
  if (all === undefined || isSame) return;
  const { value } = select;
  select.replaceChildren(all, ...options.map(([each, text]) => element('option', { value: each }, text)));
  select.value = value;
}
