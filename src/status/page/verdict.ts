// The first line of the page: whether all is well, and below it what is not, the worst first.

import type { StatusMessage } from '../messages.ts';
import { byId, element, say } from './markup.ts';

type Level = 'alarm' | 'warning' | 'note';

const words: Readonly<Record<Level, string>> = { alarm: 'Alarm', warning: 'Look at this', note: 'Note' };

export function verdict(): (now: StatusMessage) => void {
  const line = byId('verdict');
  const list = byId('troubles');
  const items: { readonly item: HTMLElement; readonly text: HTMLElement }[] = [];
  return (now) => {
    const { alarms, warnings } = now.troubles;
    const troubles = [...alarms.map(at('alarm')), ...warnings.map(at('warning')), ...notesOn(now).map(at('note'))];
    const said = verdictOf(now);
    say(line, said);
    line.className = alarms.length > 0 ? 'alarm' : warnings.length > 0 ? 'warning' : 'well';
    document.title = `${said} – Catchpoint to OpenTSDB`;
    while (items.length > troubles.length) items.pop()?.item.remove();
    for (const [nth, { level, sentence }] of troubles.entries()) {
      const { item, text } = (items[nth] ??= placed(list));
      item.className = level;
      say(text, `${words[level]}: ${sentence}`);
    }
  };
}

function at(level: Level): (sentence: string) => { readonly level: Level; readonly sentence: string } {
  return (sentence) => ({ level, sentence });
}

/** Changes seldom, since it is read out. */
function verdictOf({ troubles: { alarms, warnings } }: StatusMessage): string {
  if (alarms.some((alarm) => alarm.startsWith('Pushes are refused'))) return 'Pushes are refused';
  if (alarms.length > 0) return 'Something was lost';
  if (warnings.length === 0) return 'All is well';
  return `Pushes are taken and kept; ${warnings.length === 1 ? 'one thing needs' : `${warnings.length} things need`} a look`;
}

/** What is no fault, but explains an empty page. */
function notesOn({ takesPushes, sources }: StatusMessage): string[] {
  const some = sources.filter(({ name }) => name !== 'bridge');
  if (some.some(({ lastAtMs, counts }) => lastAtMs !== undefined || Object.keys(counts).length > 0)) return [];
  return [
    takesPushes
      ? 'no push has come since the start; the map and the charts fill as they come'
      : 'nothing has been sent here since the start',
  ];
}

function placed(list: HTMLElement): { readonly item: HTMLElement; readonly text: HTMLElement } {
  const text = element('span');
  const item = element('li', {}, text);
  list.append(item);
  return { item, text };
}
