// What is known of the node that is pointed at: who it is, its figures, its last runs.

import type { MapNode, NodeRun } from '../messages.ts';
import { asked } from './event-stream.ts';
import { byId, element, fact } from './markup.ts';
import { count, milliseconds, share, time } from './numbers.ts';
import type { WorldState } from './world.ts';

export interface MapDetail {
  /** Shows a node. */
  point(id: number): void;
  show(state: WorldState): void;
}

export function mapDetail(): MapDetail {
  const panel = byId('node');
  let state: WorldState | undefined;
  let pointed: number | undefined;

  async function draw(): Promise<void> {
    const id = pointed;
    const node = id === undefined ? undefined : state?.nodes.get(id);
    if (id === undefined || node === undefined) return;
    const runs = await asked<NodeRun[]>(`status/nodes/${id}/runs`).catch(() => []);
    if (pointed !== id) return;
    panel.dataset['node'] = String(id);
    panel.replaceChildren(
      element('h3', {}, node.name),
      element('dl', { class: 'facts' }, ...factsOf(node, state, runs)),
    );
  }

  return {
    point(id) {
      if (pointed === id) return;
      pointed = id;
      void draw();
    },
    show(next) {
      state = next;
      // Whoever has it read aloud is not told anew every few seconds.
      if (!byId('map').contains(document.activeElement)) void draw();
    },
  };
}

function factsOf(node: MapNode, state: WorldState | undefined, runs: readonly NodeRun[]): HTMLElement[] {
  const figures = state?.figuresOf.get(node.id);
  const place = [node.city, node.region, node.country, node.continent].filter((part) => part !== undefined).join(', ');
  const spoken =
    figures === undefined
      ? 'none'
      : `${count(figures.runs)}, p50 ${milliseconds(figures.p50Ms)}, p95 ${milliseconds(figures.p95Ms)}, errors ${share(figures.errors, figures.runs)}`;
  return [
    ...fact('Node', String(node.id)),
    ...fact('ASN', node.asn === undefined ? '–' : `AS${node.asn}`),
    ...fact('ISP', node.isp ?? '–'),
    ...fact('Place', place === '' ? '–' : place),
    ...fact('Runs', spoken),
    ...fact('Last runs', ...(runs.length === 0 ? ['none'] : runs.map(runLine))),
  ];
}

function runLine({ atMs, testId, testName, rttMs, error }: NodeRun): HTMLElement {
  const outcome = error === undefined ? milliseconds(rttMs) : element('span', { class: 'bad' }, `error ${error}`);
  return element('div', {}, `${time(atMs)} `, outcome, ` ${testName === '' ? `test ${testId}` : testName}`);
}
