// The current figures, and the tables of sources, sinks and the node directory.

import type { SinkSummary, SourceSummary, StatusMessage } from '../messages.ts';
import { bad, byId, cell, element, fact, numberCells, setText } from './markup.ts';
import { age, bytes, count, day, milliseconds, total } from './numbers.ts';
import { outcomeText } from './pushes.ts';

interface Tile {
  readonly name: string;
  readonly value: (now: StatusMessage) => string;
  readonly note: (now: StatusMessage) => string;
  /** Shows the note as a problem. */
  readonly isBad?: (now: StatusMessage) => boolean;
  /** Hidden when the Catchpoint source is off. */
  readonly isOfPushes?: true;
}

const tiles: readonly Tile[] = [
  {
    name: 'Pushes/s',
    value: ({ pushesPerS }) => count(pushesPerS),
    note: pushesNote,
    isBad: ({ notTakenPerS }) => notTakenPerS > 0,
    isOfPushes: true,
  },
  { name: 'Points/s', value: ({ pointsPerS }) => count(pointsPerS), note: pointsNote },
  {
    name: 'Answer time, p50',
    value: ({ answerP50Ms }) => milliseconds(answerP50Ms),
    note: ({ answerP99Ms }) => `p99 ${milliseconds(answerP99Ms)}`,
    isOfPushes: true,
  },
  {
    name: 'Backlog',
    value: ({ sinks }) => count(Math.max(0, ...sinks.map(({ backlogPoints }) => backlogPoints))),
    note: ({ spool }) => `points; spool ${bytes(spool.waitingBytes)} of ${bytes(spool.maxBytes)}`,
  },
  { name: 'Oldest waiting', value: (now) => age(oldestMs(now)), note: () => 'until it is written' },
  { name: 'Parked', value: ({ parked }) => count(parked), note: () => 'wait for their node', isOfPushes: true },
  {
    name: 'Dead letters',
    value: ({ letters }) => count(total(letters)),
    note: lettersNote,
    isBad: ({ newLetters }) => newLetters > 0,
  },
  {
    name: 'Nodes',
    value: ({ nodes }) => count(nodes.known),
    note: nodesNote,
    isBad: ({ nodes }) => nodes.known === 0,
    isOfPushes: true,
  },
];

export function overview(): (now: StatusMessage) => void {
  const updates = tiles.map(tileView);
  return (now) => {
    for (const update of updates) update(now);
    for (const section of document.querySelectorAll<HTMLElement>('[data-of="pushes"]'))
      section.hidden = !now.takesPushes;
    bodyOf('sources')?.replaceChildren(...now.sources.map((source) => sourceRow(source, now.atMs)));
    bodyOf('sinks')?.replaceChildren(...now.sinks.map((sink) => sinkRow(sink, now)));
    byId('nodes').replaceChildren(...directoryFacts(now));
    const running = now.version === '' ? 'Running' : `Version ${now.version}, running`;
    const zone = "Times are those of this browser's time zone.";
    setText(byId('foot'), `${running} for ${age(now.atMs - now.startedAtMs)}. ${zone}`);
  };
}

function tileView({ name, value, note, isBad, isOfPushes }: Tile): (now: StatusMessage) => void {
  const [figure, small] = [element('span'), element('small')];
  const tile = element('div', {}, element('dt', {}, name), element('dd', {}, figure, small));
  byId('board').append(tile);
  return (now) => {
    tile.hidden = isOfPushes === true && !now.takesPushes;
    setText(figure, value(now));
    setText(small, note(now));
    small.classList.toggle('bad', isBad?.(now) === true);
  };
}

function bodyOf(tableId: string): HTMLElement | null {
  return byId(tableId).querySelector('tbody');
}

function pushesNote({ notTakenPerS, pushesPerS, sources, atMs }: StatusMessage): string {
  if (notTakenPerS > 0) return `${count(notTakenPerS)}/s not taken`;
  if (pushesPerS > 0) return '';
  const lastAtMs = sources.find(({ name }) => name === 'catchpoint')?.lastAtMs;
  return lastAtMs === undefined ? 'none yet' : `the last ${age(atMs - lastAtMs)} ago`;
}

function pointsNote({ sinks }: StatusMessage): string {
  const [first, ...others] = sinks;
  return first !== undefined && others.length === 0
    ? `${count(first.acceptedPerS)}/s written`
    : `to ${sinks.length} sinks`;
}

function lettersNote({ newLetters, hasMoreLetters }: StatusMessage): string {
  return [
    ...(hasMoreLetters ? ['and more'] : []),
    ...(newLetters > 0 ? [`${count(newLetters)} new in 5 min`] : []),
  ].join('; ');
}

function nodesNote({ nodes, atMs }: StatusMessage): string {
  return nodes.refreshedAtMs === undefined ? 'never read' : `read ${age(atMs - nodes.refreshedAtMs)} ago`;
}

const sourceNames: Readonly<Record<string, string>> = {
  catchpoint: 'Catchpoint',
  backstop: 'Backstop',
  docker: 'Docker',
  bridge: 'own metrics',
};

function sourceRow(source: SourceSummary, atMs: number): HTMLElement {
  const { name, pointsPerS, points, deliveries, duplicates, failures, lastAtMs, counts, detail } = source;
  const outcomes = Object.entries(counts).map(([outcome, number]) => `${count(number)} ${outcomeText(outcome)}`);
  return element(
    'tr',
    {},
    element(
      'th',
      { scope: 'row' },
      sourceNames[name] ?? name,
      ...(detail === undefined ? [] : [element('small', {}, detail)]),
    ),
    ...numberCells(count(pointsPerS), count(points), count(deliveries), count(duplicates)),
    problemCount(failures),
    cell(lastAtMs === undefined ? 'none yet' : `${age(atMs - lastAtMs)} ago`, 'number'),
    cell(outcomes.join(', ')),
  );
}

function sinkRow(sink: SinkSummary, { sinks, atMs }: StatusMessage): HTMLElement {
  const { name, isRequired, acceptedPerS, accepted, rejected, kept, skipped } = sink;
  const role = isRequired ? (sinks.length > 1 ? 'required' : '') : 'optional: pushes do not wait for it';
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name, ...(role === '' ? [] : [element('small', {}, role)])),
    cell(sinkState(sink, atMs)),
    ...numberCells(count(acceptedPerS), count(accepted), count(rejected), count(kept)),
    problemCount(skipped),
    ...numberCells(count(sink.backlogPoints), age(sink.backlogAgeMs), count(sink.inFlight)),
  );
}

function sinkState(
  { lastError, failingSinceMs, accepted, rejected, kept, annotationsSkipped = 0 }: SinkSummary,
  atMs: number,
): HTMLElement {
  const ok = accepted + rejected + kept === 0 ? 'nothing written yet' : 'takes points';
  const since = failingSinceMs === undefined ? '' : ` for ${age(atMs - failingSinceMs)} (since ${day(failingSinceMs)})`;
  const state = lastError === undefined ? element('span', {}, ok) : bad(`takes nothing${since}: ${lastError}`);
  if (annotationsSkipped > 0)
    state.append(element('small', {}, `${count(annotationsSkipped)} annotations left out: the receiver has none`));
  return state;
}

function problemCount(value: number): HTMLTableCellElement {
  return cell(value > 0 ? bad(count(value)) : '0', 'number');
}

const changeNames: Readonly<Record<string, string>> = {
  added: 'new',
  removed: 'gone',
  renamed: 'renamed',
  movedAsn: 'in another AS',
  movedIsp: 'with another ISP',
};

function directoryFacts({ nodes, atMs }: StatusMessage): HTMLElement[] {
  const { refreshedAtMs, nextAtMs, changes = {}, lastError, known } = nodes;
  const changed = Object.entries(changeNames).flatMap(([change, name]) =>
    (changes[change] ?? 0) > 0 ? [`${count(changes[change] ?? 0)} ${name}`] : [],
  );
  return [
    ...fact('Known', count(known)),
    ...fact('Read', refreshedAtMs === undefined ? 'never' : `${day(refreshedAtMs)}, ${age(atMs - refreshedAtMs)} ago`),
    ...fact('Next', nextAtMs === undefined ? '–' : `in ${age(nextAtMs - atMs)}`),
    ...fact('Changes since the start', changed.length === 0 ? 'none' : changed.join(', ')),
    ...(lastError === undefined ? [] : fact('Last error', bad(lastError))),
  ];
}

function oldestMs({ sinks }: StatusMessage): number | undefined {
  const ages = sinks.flatMap(({ backlogAgeMs }) => (backlogAgeMs === undefined ? [] : [backlogAgeMs]));
  return ages.length === 0 ? undefined : Math.max(...ages);
}
