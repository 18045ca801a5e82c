// The list of recent pushes, the newest first, with their points on demand.

import type { RecentPush } from '../messages.ts';
import { fetchJson } from './event-stream.ts';
import { bad, byId, cell, element } from './markup.ts';
import { milliseconds, time } from './numbers.ts';

const maxRows = 40;

const outcomeNames: Readonly<Record<string, string>> = {
  missed: 'parked',
  implausible: 'dead letter: time',
  cardinality: 'dead letter: too many',
};

/** notAllowed → not allowed, not-measured → not measured. */
export function outcomeText(outcome: string): string {
  return (
    outcomeNames[outcome] ??
    outcome.replaceAll(/-|[A-Z]/g, (letter) => (letter === '-' ? ' ' : ` ${letter.toLowerCase()}`))
  );
}

export function recentList(): (pushes: readonly RecentPush[]) => void {
  const body = (byId('pushes') as HTMLTableElement).tBodies[0] as HTMLTableSectionElement;
  const hold = byId('hold');
  let newest = 0;
  let isHeld = false;
  const setHeld = (held: boolean): void => {
    isHeld = held;
    hold.setAttribute('aria-pressed', String(held));
  };
  hold.addEventListener('click', () => setHeld(!isHeld));
  return (pushes) => {
    if (isHeld) return;
    // A restarted bridge counts from 1 again.
    const fresh = pushes.filter(({ nth }) => nth > newest || (pushes.at(-1)?.nth ?? 0) < newest);
    newest = pushes.at(-1)?.nth ?? newest;
    body.prepend(...fresh.toReversed().map((push) => rowOf(push, () => setHeld(true))));
    while (body.rows.length > maxRows) body.deleteRow(-1);
  };
}

/** @param opened - called when the points are opened; the list is held then */
function rowOf(push: RecentPush, opened: () => void): HTMLElement {
  const { atMs, outcome, testId, testName, nodeId, nodeName, rttMs, error, reason } = push;
  return element(
    'tr',
    {},
    cell(time(atMs)),
    cell(reason === undefined ? outcomeText(outcome) : bad(outcomeText(outcome))),
    cell(nameOf(testId, testName)),
    cell(nameOf(nodeId, nodeName)),
    cell(milliseconds(rttMs), 'number'),
    cell(reason ?? error ?? ''),
    cell(push.points === 0 ? '0' : pointsButton(push, opened), 'number'),
  );
}

function nameOf(id: number | undefined, name: string | undefined): string {
  return name ?? (id === undefined ? '–' : String(id));
}

function pointsButton({ nth, points, nodeName = '' }: RecentPush, opened: () => void): HTMLElement {
  const button = element(
    'button',
    { type: 'button', 'aria-expanded': 'false', 'aria-label': `${points} points of ${nodeName}` },
    String(points),
  );
  let pointsRow: HTMLElement | undefined;
  button.addEventListener('click', () => {
    opened();
    const isOpen = pointsRow !== undefined;
    button.setAttribute('aria-expanded', String(!isOpen));
    pointsRow?.remove();
    pointsRow = undefined;
    if (isOpen) return;
    const lines = element('pre', {}, '…');
    pointsRow = element('tr', {}, element('td', { colspan: '7' }, lines));
    button.closest('tr')?.after(pointsRow);
    fetchJson<string[]>(`status/pushes/${nth}/points`).then(
      (put) => void (lines.textContent = put.join('\n')),
      () => void (lines.textContent = 'It is not kept any more.'),
    );
  });
  return button;
}
