// The dead letters: how many of which kind for everybody, and for who has the token what they are, to retry and to drop.

import type { StatusMessage } from '../messages.ts';
import { byId, cell, element, say } from './markup.ts';
import { count, day } from './numbers.ts';
import { forgetToken, keepToken, keptToken } from './token.ts';

/** As the administration lists it; see admin/letter-query.ts. */
interface ShownLetter {
  readonly id: string;
  readonly kind: string;
  readonly reason: string;
  readonly sink?: string;
  readonly from?: string;
  readonly times: number;
  readonly lastAt: string;
}

interface Outcome {
  readonly done?: string;
  readonly refused?: string;
}

const shown = 100;

export function letterList(): (now: StatusMessage) => void {
  let counted = '';
  const kind = byId<HTMLSelectElement>('letter-kind');
  byId('unlock').addEventListener('submit', (event) => {
    event.preventDefault();
    const given = byId<HTMLInputElement>('token');
    keepToken(given.value.trim());
    given.value = '';
    void list();
  });
  byId('lock').addEventListener('click', () => {
    forgetToken();
    lock('The token is forgotten.');
  });
  byId('reload-letters').addEventListener('click', () => void list());
  kind.addEventListener('change', () => void list());
  if (keptToken() !== undefined) void list();
  return ({ letters, isMoreLetters }) => {
    const words = Object.entries(letters).map(([name, number]) => `${count(number)} ${name}`);
    const all =
      words.length === 0
        ? 'There are none.'
        : `${words.join(', ')}${isMoreLetters ? ', and more that were not counted by kind' : ''}.`;
    say(byId('kinds'), all);
    if (all === counted) return;
    counted = all;
    offerKinds(kind, Object.keys(letters));
    if (keptToken() !== undefined) void list();
  };
}

function offerKinds(select: HTMLSelectElement, kinds: readonly string[]): void {
  const { value } = select;
  const all = select.options[0] as HTMLOptionElement;
  select.replaceChildren(
    all,
    ...[...new Set([...kinds, ...(value === '' ? [] : [value])])]
      .toSorted()
      .map((name) => element('option', { value: name }, name)),
  );
  select.value = value;
}

function lock(words: string): void {
  byId('letters').hidden = true;
  byId('unlock').hidden = false;
  byId('letter-rows').replaceChildren();
  say(byId('letters-said'), words);
}

/** Undefined when the token is not taken. */
async function askedAsAdmin(path: string, body?: object): Promise<Response | undefined> {
  const headers = { Authorization: `Bearer ${keptToken() ?? ''}` };
  const response = await fetch(
    path,
    body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) },
  );
  if (response.status !== 401) return response;
  forgetToken();
  lock('The token is not the one of this bridge; each start makes a new one.');
  return undefined;
}

async function list(): Promise<void> {
  const kind = byId<HTMLSelectElement>('letter-kind').value;
  const response = await askedAsAdmin(`admin/dead-letters${kind === '' ? '' : `?kind=${encodeURIComponent(kind)}`}`);
  if (response === undefined) return;
  byId('letters').hidden = false;
  byId('unlock').hidden = true;
  if (!response.ok)
    return say(byId('letters-said'), `The letters cannot be read: ${response.status} ${await response.text()}`);
  const letters = await firstLines<ShownLetter>(response, shown);
  byId('letter-rows').replaceChildren(...letters.map(rowOf));
  say(byId('letters-said'), letters.length === shown ? `The first ${shown} are shown.` : '');
}

/** Of a line of JSON each, the first few; the rest is not waited for. */
async function firstLines<Line>(response: Response, most: number): Promise<Line[]> {
  const lines: Line[] = [];
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  while (lines.length < most) {
    const { done, value } = await reader.read();
    const whole = (rest + decoder.decode(value, { stream: !done })).split('\n');
    rest = whole.pop() ?? '';
    lines.push(...whole.map((line) => JSON.parse(line) as Line));
    if (done) break;
  }
  await reader.cancel();
  return lines.slice(0, most);
}

function rowOf(letter: ShownLetter): HTMLElement {
  const { id, kind, reason, sink, from, times, lastAt } = letter;
  const button = (text: string, act: () => void): HTMLElement => {
    const made = element('button', { type: 'button', 'aria-label': `${text} letter ${id}` }, text);
    made.addEventListener('click', act);
    return made;
  };
  const retry = button('Retry', () => void told('retry', id));
  const drop = button('Drop', () => {
    if (confirm(`Throw this letter away?\n\n${kind}: ${reason}`)) void told('drop', id);
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

async function told(what: 'retry' | 'drop', id: string): Promise<void> {
  const response = await askedAsAdmin(`admin/dead-letters/${what}`, { ids: [id] });
  if (response === undefined) return;
  const outcome = response.ok
    ? ((await firstLines<Outcome>(response, 1))[0] ?? {})
    : { refused: `${response.status} ${await response.text()}` };
  await list();
  say(
    byId('letters-said'),
    outcome.done === undefined ? `The letter stays: ${outcome.refused ?? 'no answer'}` : `The letter: ${outcome.done}.`,
  );
}
