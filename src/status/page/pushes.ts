// The recent pushes, the newest first, and the points that each became.

import type { RecentPush } from '../messages.ts';
import { asked } from './event-stream.ts';
import { byId, cell, element } from './markup.ts';
import { milliseconds, time } from './numbers.ts';

const shown = 40;

const outcomes: Readonly<Record<string, string>> = {
  missed: 'parked',
  implausible: 'dead letter: time',
  cardinality: 'dead letter: too many',
};

/** What became of a push, for people: notAllowed → not allowed. */
export function outcome(became: string): string {
  return outcomes[became] ?? became.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function recentList(): (pushes: readonly RecentPush[]) => void {
  const body = byId<HTMLTableElement>('pushes').tBodies[0] as HTMLTableSectionElement;
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
    // A bridge that was started anew counts from 1.
    const fresh = pushes.filter(({ nth }) => nth > newest || (pushes.at(-1)?.nth ?? 0) < newest);
    newest = pushes.at(-1)?.nth ?? newest;
    body.prepend(...fresh.toReversed().map((push) => rowOf(push, () => setHeld(true))));
    while (body.rows.length > shown) body.deleteRow(-1);
  };
}

/** @param opened - called when somebody opens it, so that it does not move away */
function rowOf(push: RecentPush, opened: () => void): HTMLElement {
  const { atMs, became, testId, testName, nodeId, nodeName, rttMs, error, reason } = push;
  const isTaken = reason === undefined;
  return element(
    'tr',
    {},
    cell(time(atMs)),
    cell(isTaken ? outcome(became) : element('span', { class: 'bad' }, outcome(became))),
    cell(named(testId, testName)),
    cell(named(nodeId, nodeName)),
    cell(milliseconds(rttMs), 'number'),
    cell(reason ?? error ?? ''),
    cell(push.points === 0 ? '0' : pointsButton(push, opened), 'number'),
  );
}

function named(id: number | undefined, name: string | undefined): string {
  return name ?? (id === undefined ? '–' : String(id));
}

function pointsButton({ nth, points, nodeName = '' }: RecentPush, opened: () => void): HTMLElement {
  const button = element(
    'button',
    { type: 'button', 'aria-expanded': 'false', 'aria-label': `${points} points of ${nodeName}` },
    String(points),
  );
  let shownBelow: HTMLElement | undefined;
  button.addEventListener('click', () => {
    opened();
    const isOpen = shownBelow !== undefined;
    button.setAttribute('aria-expanded', String(!isOpen));
    shownBelow?.remove();
    shownBelow = undefined;
    if (isOpen) return;
    const lines = element('pre', {}, '…');
    shownBelow = element('tr', {}, element('td', { colspan: '7' }, lines));
    button.closest('tr')?.after(shownBelow);
    asked<string[]>(`status/pushes/${nth}/points`).then(
      (put) => void (lines.textContent = put.join('\n')),
      () => void (lines.textContent = 'It is not kept any more.'),
    );
  });
  return button;
}
