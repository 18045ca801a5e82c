// Dead letters: the counts by kind and, with the admin token, the list, with retry and drop.

import type { StatusMessage } from '../messages.ts';
import { byId, cell, element, selectById, setText } from './markup.ts';
import { count, day } from './numbers.ts';
import { clearToken, storeToken, storedToken } from './token.ts';

/** A line of GET /admin/dead-letters. */
interface ListedLetter {
  readonly id: string;
  readonly kind: string;
  readonly reason: string;
  readonly sink?: string;
  readonly from?: string;
  readonly times: number;
  readonly lastAt: string;
}

/** A line of the answer to a retry or drop. */
interface ActionOutcome {
  readonly done?: string;
  readonly refused?: string;
}

const maxRows = 100;

export function letterList(): (now: StatusMessage) => void {
  let shownCounts = '';
  byId('unlock').addEventListener('submit', (event) => {
    event.preventDefault();
    const input = byId('token') as HTMLInputElement;
    storeToken(input.value.trim());
    input.value = '';
    void list();
  });
  byId('lock').addEventListener('click', () => lock('The token is forgotten.'));
  byId('reload-letters').addEventListener('click', () => void list());
  byId('letter-kind').addEventListener('change', () => void list());
  if (storedToken() !== undefined) void list();
  return ({ letters, hasMoreLetters }) => {
    const parts = Object.entries(letters).map(([name, number]) => `${count(number)} ${name}`);
    const more = hasMoreLetters ? ', and more that were not counted by kind' : '';
    const counts = parts.length === 0 ? 'There are none.' : `${parts.join(', ')}${more}.`;
    setText(byId('kinds'), counts);
    if (counts === shownCounts) return;
    shownCounts = counts;
    offerKinds(Object.keys(letters));
    if (storedToken() !== undefined) void list();
  };
}

/** The chosen kind stays in the list. */
function offerKinds(kinds: readonly string[]): void {
  const select = selectById('letter-kind');
  const { value } = select;
  const names = new Set([...kinds, value].filter((name) => name !== ''));
  const options = [...names].toSorted().map((name) => element('option', { value: name }, name));
  select.replaceChildren(select.options[0] as HTMLOptionElement, ...options);
  select.value = value;
}

function showStatus(text: string): void {
  setText(byId('letters-status'), text);
}

function lock(reason: string): void {
  clearToken();
  byId('letters').hidden = true;
  byId('unlock').hidden = false;
  byId('letter-rows').replaceChildren();
  showStatus(reason);
}

/** Sends a request with the token. Undefined when the token is refused. */
async function fetchAsAdmin(path: string, body?: object): Promise<Response | undefined> {
  const headers = { Authorization: `Bearer ${storedToken() ?? ''}` };
  const response = await fetch(path, {
    headers,
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  if (response.status !== 401) return response;
  lock('The token is not the one of this bridge; each start makes a new one.');
  return undefined;
}

async function list(): Promise<void> {
  const { value: kind } = selectById('letter-kind');
  const response = await fetchAsAdmin(`admin/dead-letters${kind === '' ? '' : `?kind=${encodeURIComponent(kind)}`}`);
  if (response === undefined) return;
  byId('letters').hidden = false;
  byId('unlock').hidden = true;
  if (!response.ok) return showStatus(`The letters cannot be read: ${response.status} ${await response.text()}`);
  const letters = await firstLines<ListedLetter>(response, maxRows);
  byId('letter-rows').replaceChildren(...letters.map(rowOf));
  showStatus(letters.length === maxRows ? `The first ${maxRows} are shown.` : '');
}

/** The first lines of a body with a line of JSON each. Does not wait for the rest. */
async function firstLines<Line>(response: Response, max: number): Promise<Line[]> {
  const lines: Line[] = [];
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  while (lines.length < max) {
    const { done, value } = await reader.read();
    const complete = (rest + decoder.decode(value, { stream: !done })).split('\n');
    rest = complete.pop() ?? '';
    lines.push(...complete.map((line) => JSON.parse(line) as Line));
    if (done) break;
  }
  await reader.cancel();
  return lines.slice(0, max);
}

function rowOf({ id, kind, reason, sink, from, times, lastAt }: ListedLetter): HTMLElement {
  const button = (text: string, onClick: () => void): HTMLElement => {
    const made = element('button', { type: 'button', 'aria-label': `${text} letter ${id}` }, text);
    made.addEventListener('click', onClick);
    return made;
  };
  const retry = button('Retry', () => void act('retry', id));
  const drop = button('Drop', () => {
    if (confirm(`Throw this letter away?\n\n${kind}: ${reason}`)) void act('drop', id);
  });
  return element(
    'tr',
    { 'data-letter': id },
    cell(day(Date.parse(lastAt))),
    cell(kind),
    cell(reason),
    cell(count(times), 'number'),
    cell(sink ?? from ?? ''),
    cell(element('span', { class: 'row' }, retry, drop)),
  );
}

async function act(action: 'retry' | 'drop', id: string): Promise<void> {
  const response = await fetchAsAdmin(`admin/dead-letters/${action}`, { ids: [id] });
  if (response === undefined) return;
  const { done, refused = 'no answer' }: ActionOutcome = response.ok
    ? ((await firstLines<ActionOutcome>(response, 1))[0] ?? {})
    : { refused: `${response.status} ${await response.text()}` };
  await list();
  showStatus(done === undefined ? `The letter stays: ${refused}` : `The letter: ${done}.`);
}
