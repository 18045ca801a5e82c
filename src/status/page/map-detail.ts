// The panel of the selected node: its properties, its statistics and its last runs.

import type { MapNode, NodeRun } from '../messages.ts';
import { fetchJson } from './event-stream.ts';
import { bad, byId, element, fact } from './markup.ts';
import { count, milliseconds, share, time } from './numbers.ts';
import type { WorldState } from './world.ts';

export function mapDetail() {
  const panel = byId('node');
  let state: WorldState | undefined;
  let selected: number | undefined;

  async function draw(): Promise<void> {
    const id = selected;
    const node = id === undefined ? undefined : state?.nodes.get(id);
    if (id === undefined || node === undefined) return;
    const runs = await fetchJson<NodeRun[]>(`status/nodes/${id}/runs`).catch(() => []);
    if (selected !== id) return;
    panel.dataset['node'] = String(id);
    panel.replaceChildren(
      element('h3', {}, node.name),
      element('dl', { class: 'facts' }, ...factsOf(node, state, runs)),
    );
  }

  return {
    select(nodeId: number): void {
      if (selected === nodeId) return;
      selected = nodeId;
      void draw();
    },
    show(next: WorldState): void {
      state = next;
      // A screen reader would read the panel again every few seconds.
      if (!byId('map').contains(document.activeElement)) void draw();
    },
  };
}

function factsOf(node: MapNode, state: WorldState | undefined, runs: readonly NodeRun[]): HTMLElement[] {
  const stats = state?.statsOf.get(node.id);
  const place = [node.city, node.region, node.country, node.continent].filter((part) => part !== undefined).join(', ');
  const runsText =
    stats === undefined
      ? 'none'
      : `${count(stats.runs)}, p50 ${milliseconds(stats.p50Ms)}, p95 ${milliseconds(stats.p95Ms)}, errors ${share(stats.errors, stats.runs)}`;
  return [
    ...fact('Node', String(node.id)),
    ...fact('ASN', node.asn === undefined ? '–' : `AS${node.asn}`),
    ...fact('ISP', node.isp ?? '–'),
    ...fact('Place', place === '' ? '–' : place),
    ...fact('Runs', runsText),
    ...fact('Last runs', ...(runs.length === 0 ? ['none'] : runs.map(runLine))),
  ];
}

function runLine({ atMs, testId, testName, rttMs, error }: NodeRun): HTMLElement {
  const outcome = error === undefined ? milliseconds(rttMs) : bad(`error ${error}`);
  return element('div', {}, `${time(atMs)} `, outcome, ` ${testName === '' ? `test ${testId}` : testName}`);
}
