// The table beside the map: round trips and errors by one of the seven slices, in the order that is wanted.

import type { MapFigures } from '../messages.ts';
import { byId, cell, element, say } from './markup.ts';
import { count, milliseconds, share, time } from './numbers.ts';
import type { WorldState } from './world.ts';

type Row = MapFigures['rows'][number];

interface Column {
  readonly title: string;
  readonly kind: 'text' | 'number';
  readonly text: (row: Row) => string;
  /** What it is sorted by. */
  readonly rank: (row: Row) => number | string;
}

const columns: readonly Column[] = [
  { title: 'Value', kind: 'text', text: ({ value }) => value, rank: ({ value }) => value },
  { title: 'Runs', kind: 'number', text: ({ runs }) => count(runs), rank: ({ runs }) => runs },
  { title: 'RTT p50', kind: 'number', text: ({ p50Ms }) => milliseconds(p50Ms), rank: ({ p50Ms = -1 }) => p50Ms },
  { title: 'RTT p95', kind: 'number', text: ({ p95Ms }) => milliseconds(p95Ms), rank: ({ p95Ms = -1 }) => p95Ms },
  {
    title: 'Errors',
    kind: 'number',
    text: ({ errors, runs }) => share(errors, runs),
    rank: ({ errors, runs }) => errors / runs,
  },
];

export function mapTable(): (state: WorldState) => void {
  const table = byId<HTMLTableElement>('slices');
  let sorted = { column: 1, isDescending: true };
  let latest: WorldState | undefined;
  const heads = columns.map(({ title, kind }, nth) => {
    const button = element('button', { type: 'button' }, title);
    button.addEventListener('click', () => {
      sorted = { column: nth, isDescending: sorted.column === nth ? !sorted.isDescending : kind === 'number' };
      draw();
    });
    return element('th', { scope: 'col', ...(kind === 'number' ? { class: 'number' } : {}) }, button);
  });
  table.tHead?.append(element('tr', {}, ...heads));

  function draw(): void {
    if (latest === undefined) return;
    const { column, isDescending } = sorted;
    for (const [nth, head] of heads.entries()) {
      if (nth === column) head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
    const { rank } = columns[column] as Column;
    const rows = latest.figures.rows.toSorted((a, b) => compared(rank(a), rank(b)) * (isDescending ? -1 : 1));
    table.tBodies[0]?.replaceChildren(...rows.map(rowOf));
  }

  return (state) => {
    latest = state;
    const { all, sinceMs, rowsLeftOut } = state.figures;
    const since = sinceMs === undefined ? '' : ` since ${time(sinceMs)}`;
    say(
      byId('map-sum'),
      `${count(all.runs)} runs${since}: RTT p50 ${milliseconds(all.p50Ms)}, p95 ${milliseconds(all.p95Ms)}, errors ${share(all.errors, all.runs)}`,
    );
    say(byId('rows-note'), rowsLeftOut === 0 ? '' : `${count(rowsLeftOut)} with the fewest runs are left out`);
    draw();
  };
}

function compared(a: number | string, b: number | string): number {
  return typeof a === 'string' || typeof b === 'string' ? String(a).localeCompare(String(b)) : a - b;
}

function rowOf(row: Row): HTMLElement {
  const [, ...figures] = columns;
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, row.value),
    ...figures.map(({ text, kind }) => cell(text(row), kind)),
  );
}
