// The first line of the page, which sums up the state, and the list of problems below it, the worst first.

import type { StatusMessage } from '../messages.ts';
import { byId, element, setText } from './markup.ts';

type Level = 'alarm' | 'warning' | 'note';

const levelNames: Readonly<Record<Level, string>> = { alarm: 'Alarm', warning: 'Look at this', note: 'Note' };

export function verdict(): (now: StatusMessage) => void {
  const line = byId('verdict');
  const list = byId('problems');
  const items: { readonly item: HTMLElement; readonly text: HTMLElement }[] = [];
  return (now) => {
    const { alarms, warnings } = now.problems;
    const problems = [...alarms.map(at('alarm')), ...warnings.map(at('warning')), ...notesOn(now).map(at('note'))];
    const text = verdictOf(now);
    setText(line, text);
    line.className = alarms.length > 0 ? 'alarm' : warnings.length > 0 ? 'warning' : 'well';
    document.title = `${text} – Catchpoint to OpenTSDB`;
    while (items.length > problems.length) items.pop()?.item.remove();
    for (const [nth, { level, sentence }] of problems.entries()) {
      const { item, text: itemText } = (items[nth] ??= newItem(list));
      item.className = level;
      setText(itemText, `${levelNames[level]}: ${sentence}`);
    }
  };
}

function at(level: Level): (sentence: string) => { readonly level: Level; readonly sentence: string } {
  return (sentence) => ({ level, sentence });
}

/** Has no figures that change every second, because screen readers read it. */
function verdictOf({ takesPushes, problems: { alarms, warnings } }: StatusMessage): string {
  if (alarms.some((alarm) => alarm.startsWith('Pushes are refused'))) return 'Pushes are refused';
  if (alarms.length > 0) return 'Something was lost';
  if (warnings.length === 0) return 'All is well';
  const isWell = takesPushes ? 'Pushes are taken and kept' : 'Points are kept';
  return `${isWell}; ${warnings.length === 1 ? 'one thing needs' : `${warnings.length} things need`} a look`;
}

/** Explains an empty page before the first request. */
function notesOn({ takesPushes, sources }: StatusMessage): string[] {
  const hasInput = sources.some(
    ({ name, lastAtMs, counts }) => name !== 'bridge' && (lastAtMs !== undefined || Object.keys(counts).length > 0),
  );
  if (hasInput) return [];
  return [
    takesPushes
      ? 'no push has come since the start; the map and the charts fill as they come'
      : 'nothing has been sent here since the start',
  ];
}

function newItem(list: HTMLElement): { readonly item: HTMLElement; readonly text: HTMLElement } {
  const text = element('span');
  const item = element('li', {}, text);
  list.append(item);
  return { item, text };
}
