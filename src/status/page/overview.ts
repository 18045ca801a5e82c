// The figures of this second, the sources, the sinks and the node directory.

import type { StatusMessage, SinkNow, SourceNow } from '../messages.ts';
import { byId, cell, element, fact, say } from './markup.ts';
import { age, bytes, count, day, milliseconds } from './numbers.ts';
import { outcome } from './pushes.ts';

/** A tile: a name, a figure, and a small line below it. */
interface Tile {
  readonly name: string;
  readonly of: (now: StatusMessage) => string;
  readonly below: (now: StatusMessage) => string;
  readonly isBad?: (now: StatusMessage) => boolean;
  /** Shown only where Catchpoint's pushes are taken. */
  readonly isOfPushes?: true;
}

const tiles: readonly Tile[] = [
  {
    name: 'Pushes/s',
    of: ({ pushesPerS }) => count(pushesPerS),
    below: underPushes,
    isBad: ({ notTakenPerS }) => notTakenPerS > 0,
    isOfPushes: true,
  },
  { name: 'Points/s', of: ({ pointsPerS }) => count(pointsPerS), below: written },
  {
    name: 'Answer time, p50',
    of: ({ answerP50Ms }) => milliseconds(answerP50Ms),
    below: ({ answerP99Ms }) => `p99 ${milliseconds(answerP99Ms)}`,
    isOfPushes: true,
  },
  {
    name: 'Backlog',
    of: (now) => count(slowest(now)?.backlogPoints ?? 0),
    below: ({ spool }) => `points; spool ${bytes(spool.waitingBytes)} of ${bytes(spool.maxBytes)}`,
  },
  { name: 'Oldest waiting', of: (now) => age(oldestMs(now)), below: () => 'until it is written' },
  { name: 'Parked', of: ({ parked }) => count(parked), below: () => 'wait for their node', isOfPushes: true },
  {
    name: 'Dead letters',
    of: ({ letters }) => count(total(letters)),
    below: underLetters,
    isBad: ({ newLetters }) => newLetters > 0,
  },
  {
    name: 'Nodes',
    of: ({ nodes }) => count(nodes.known),
    below: readAgo,
    isBad: ({ nodes }) => nodes.known === 0,
    isOfPushes: true,
  },
];

export function board(): (now: StatusMessage) => void {
  const figures = tiles.map(({ name, of, below, isBad, isOfPushes }) => {
    const [figure, small] = [element('span'), element('small')];
    const tile = element('div', {}, element('dt', {}, name), element('dd', {}, figure, small));
    byId('board').append(tile);
    return (now: StatusMessage): void => {
      tile.hidden = isOfPushes === true && !now.takesPushes;
      say(figure, of(now));
      say(small, below(now));
      small.classList.toggle('bad', isBad?.(now) === true);
    };
  });
  return (now) => {
    for (const figure of figures) figure(now);
    for (const section of document.querySelectorAll<HTMLElement>('[data-of="pushes"]'))
      section.hidden = !now.takesPushes;
    byId('sources')
      .querySelector('tbody')
      ?.replaceChildren(...now.sources.map((source) => sourceRow(source, now.atMs)));
    byId('sinks')
      .querySelector('tbody')
      ?.replaceChildren(...now.sinks.map((sink) => sinkRow(sink, now)));
    byId('nodes').replaceChildren(...directoryFacts(now));
    say(
      byId('foot'),
      `${now.version === '' ? 'Running' : `Version ${now.version}, running`} for ${age(now.atMs - now.startedAtMs)}. Times are those of this browser's time zone.`,
    );
  };
}

function underPushes({ notTakenPerS, pushesPerS, sources, atMs }: StatusMessage): string {
  if (notTakenPerS > 0) return `${count(notTakenPerS)}/s not taken`;
  const lastAtMs = sources.find(({ name }) => name === 'catchpoint')?.lastAtMs;
  if (pushesPerS > 0) return '';
  return lastAtMs === undefined ? 'none yet' : `the last ${age(atMs - lastAtMs)} ago`;
}

function written({ sinks }: StatusMessage): string {
  const [first] = sinks;
  return sinks.length === 1 && first !== undefined
    ? `${count(first.acceptedPerS)}/s written`
    : `to ${sinks.length} sinks`;
}

function underLetters({ newLetters, isMoreLetters }: StatusMessage): string {
  return [
    ...(isMoreLetters ? ['and more'] : []),
    ...(newLetters > 0 ? [`${count(newLetters)} new in 5 min`] : []),
  ].join('; ');
}

function readAgo({ nodes, atMs }: StatusMessage): string {
  return nodes.refreshedAtMs === undefined ? 'never read' : `read ${age(atMs - nodes.refreshedAtMs)} ago`;
}

const sourceNames: Readonly<Record<string, string>> = {
  catchpoint: 'Catchpoint',
  backstop: 'Backstop',
  bridge: 'own metrics',
};

function sourceRow(
  { name, pointsPerS, points, deliveries, duplicates, failures, lastAtMs, counts }: SourceNow,
  atMs: number,
): HTMLElement {
  const words = Object.entries(counts).map(([word, number]) => `${count(number)} ${outcome(word)}`);
  const figures = [count(pointsPerS), count(points), count(deliveries), count(duplicates)].map((figure) =>
    cell(figure, 'number'),
  );
  const last = lastAtMs === undefined ? 'none yet' : `${age(atMs - lastAtMs)} ago`;
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, sourceNames[name] ?? name),
    ...figures,
    alarming(failures),
    cell(last, 'number'),
    cell(words.join(', ')),
  );
}

function sinkRow(sink: SinkNow, { sinks, atMs }: StatusMessage): HTMLElement {
  const { name, isRequired, acceptedPerS, accepted, rejected, kept, skipped, backlogPoints, backlogAgeMs, inFlight } =
    sink;
  const role = isRequired ? (sinks.length > 1 ? 'required' : '') : 'optional: pushes do not wait for it';
  const figures = [count(acceptedPerS), count(accepted), count(rejected), count(kept)].map((figure) =>
    cell(figure, 'number'),
  );
  const waiting = [count(backlogPoints), age(backlogAgeMs), count(inFlight)].map((figure) => cell(figure, 'number'));
  const head = element('th', { scope: 'row' }, name, ...(role === '' ? [] : [element('small', {}, role)]));
  return element('tr', {}, head, cell(sinkState(sink, atMs)), ...figures, alarming(skipped), ...waiting);
}

function sinkState(
  { lastError, failingSinceMs, accepted, rejected, kept, annotationsSkipped = 0 }: SinkNow,
  atMs: number,
): HTMLElement {
  const well = accepted + rejected + kept === 0 ? 'nothing written yet' : 'takes points';
  const since = failingSinceMs === undefined ? '' : ` for ${age(atMs - failingSinceMs)} (since ${day(failingSinceMs)})`;
  const state =
    lastError === undefined
      ? element('span', {}, well)
      : element('span', { class: 'bad' }, `takes nothing${since}: ${lastError}`);
  if (annotationsSkipped > 0)
    state.append(element('small', {}, `${count(annotationsSkipped)} annotations left out: the receiver has none`));
  return state;
}

function alarming(figure: number): HTMLTableCellElement {
  return cell(figure > 0 ? element('span', { class: 'bad' }, count(figure)) : '0', 'number');
}

function directoryFacts({ nodes, atMs }: StatusMessage): HTMLElement[] {
  const { refreshedAtMs, nextAtMs, changes = {}, lastError, known } = nodes;
  const words: Readonly<Record<string, string>> = {
    added: 'new',
    removed: 'gone',
    renamed: 'renamed',
    movedAsn: 'in another AS',
    movedIsp: 'with another ISP',
  };
  const changed = Object.entries(words).flatMap(([name, word]) =>
    (changes[name] ?? 0) > 0 ? [`${count(changes[name] ?? 0)} ${word}`] : [],
  );
  return [
    ...fact('Known', count(known)),
    ...fact('Read', refreshedAtMs === undefined ? 'never' : `${day(refreshedAtMs)}, ${age(atMs - refreshedAtMs)} ago`),
    ...fact('Next', nextAtMs === undefined ? '–' : `in ${age(nextAtMs - atMs)}`),
    ...fact('Changes since the start', changed.length === 0 ? 'none' : changed.join(', ')),
    ...(lastError === undefined ? [] : fact('Last error', element('span', { class: 'bad' }, lastError))),
  ];
}

/** The sink for which the most waits. */
function slowest({ sinks }: StatusMessage): SinkNow | undefined {
  return sinks.toSorted((a, b) => b.backlogPoints - a.backlogPoints)[0];
}

function oldestMs({ sinks }: StatusMessage): number | undefined {
  const ages = sinks.flatMap(({ backlogAgeMs }) => (backlogAgeMs === undefined ? [] : [backlogAgeMs]));
  return ages.length === 0 ? undefined : Math.max(...ages);
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
