// The sortable table beside the map: RTT and errors by slice.

import type { MapStats } from '../messages.ts';
import { byId, cell, element, setText } from './markup.ts';
import { count, milliseconds, share, time } from './numbers.ts';
import type { WorldState } from './world.ts';

type Row = MapStats['rows'][number];

interface Column {
  readonly title: string;
  readonly kind: 'text' | 'number';
  readonly text: (row: Row) => string;
  readonly sortKey: (row: Row) => number | string;
}

const columns: readonly Column[] = [
  { title: 'Value', kind: 'text', text: ({ value }) => value, sortKey: ({ value }) => value },
  { title: 'Runs', kind: 'number', text: ({ runs }) => count(runs), sortKey: ({ runs }) => runs },
  { title: 'RTT p50', kind: 'number', text: ({ p50Ms }) => milliseconds(p50Ms), sortKey: ({ p50Ms = -1 }) => p50Ms },
  { title: 'RTT p95', kind: 'number', text: ({ p95Ms }) => milliseconds(p95Ms), sortKey: ({ p95Ms = -1 }) => p95Ms },
  {
    title: 'Errors',
    kind: 'number',
    text: ({ errors, runs }) => share(errors, runs),
    sortKey: ({ errors, runs }) => errors / runs,
  },
];

export function mapTable(): (state: WorldState) => void {
  const table = byId('slices') as HTMLTableElement;
  let order = { column: 1, isDescending: true };
  let latest: WorldState | undefined;
  const headers = columns.map(({ title, kind }, nth) => {
    const button = element('button', { type: 'button' }, title);
    button.addEventListener('click', () => {
      order = { column: nth, isDescending: order.column === nth ? !order.isDescending : kind === 'number' };
      draw();
    });
    return element('th', { scope: 'col', ...(kind === 'number' ? { class: 'number' } : {}) }, button);
  });
  table.tHead?.append(element('tr', {}, ...headers));

  function draw(): void {
    if (latest === undefined) return;
    const { column, isDescending } = order;
    for (const [nth, header] of headers.entries()) {
      if (nth === column) header.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
      else header.removeAttribute('aria-sort');
    }
    const { sortKey } = columns[column] as Column;
    const rows = latest.stats.rows.toSorted((a, b) => compare(sortKey(a), sortKey(b)) * (isDescending ? -1 : 1));
    table.tBodies[0]?.replaceChildren(...rows.map(rowOf));
  }

  return (state) => {
    latest = state;
    const { all, sinceMs, rowsLeftOut } = state.stats;
    const since = sinceMs === undefined ? '' : ` since ${time(sinceMs)}`;
    setText(
      byId('map-sum'),
      `${count(all.runs)} runs${since}: RTT p50 ${milliseconds(all.p50Ms)}, p95 ${milliseconds(all.p95Ms)}, errors ${share(all.errors, all.runs)}`,
    );
    setText(byId('rows-note'), rowsLeftOut === 0 ? '' : `${count(rowsLeftOut)} with the fewest runs are left out`);
    draw();
  };
}

function compare(a: number | string, b: number | string): number {
  return typeof a === 'string' || typeof b === 'string' ? String(a).localeCompare(String(b)) : a - b;
}

function rowOf(row: Row): HTMLElement {
  const [, ...numbers] = columns;
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, row.value),
    ...numbers.map(({ text, kind }) => cell(text(row), kind)),
  );
}
