// A cache of series templates. Points with the same cuts, stems and series tags share a template; they differ in time,
// tail, values and run tags. Each sink decides what its template holds.

import { areSameTags, type Cuts, type FactoredPoints } from '../model/factored-points.ts';
import type { Tags } from '../model/point.ts';

/** Returns the template of the points; undefined where they have none. */
type TemplateOf<Template> = (points: FactoredPoints) => Template | undefined;

interface Entry<Template> {
  readonly stems: readonly string[];
  readonly tags: readonly (Tags | undefined)[];
  readonly hasRunTags: boolean;
  readonly template: Template | undefined;
}

/** A template takes two to four kilobytes. A node has a few: with and without an RTT, one for each status. */
const maxEntries = 50_000;
const maxEntriesPerCuts = 8;

/** @param makeTemplate - called on a cache miss */
export function seriesCache<Template>(makeTemplate: TemplateOf<Template>): TemplateOf<Template> {
  let entries = new WeakMap<Cuts, Entry<Template>[]>();
  let count = 0;
  return (points) => {
    const { cuts, series, tags } = points;
    const entriesOfCuts = entries.get(cuts);
    const found = entriesOfCuts?.find((each) => matches(each, points));
    if (found !== undefined) return found.template;
    const entry: Entry<Template> = {
      stems: series.map(({ stem }) => stem),
      tags: series.map((one) => one.tags),
      hasRunTags: tags !== undefined,
      template: makeTemplate(points),
    };
    if (entriesOfCuts !== undefined && entriesOfCuts.length >= maxEntriesPerCuts) return entry.template;
    count += 1;
    if (count > maxEntries) [entries, count] = [new WeakMap([[cuts, [entry]]]), 1];
    else if (entriesOfCuts === undefined) entries.set(cuts, [entry]);
    else entriesOfCuts.push(entry);
    return entry.template;
  };
}

function matches<Template>({ stems, tags, hasRunTags }: Entry<Template>, points: FactoredPoints): boolean {
  const { series } = points;
  if (stems.length !== series.length || hasRunTags !== (points.tags !== undefined)) return false;
  for (let at = 0; at < series.length; at += 1) {
    const one = series[at];
    if (one?.stem !== stems[at] || !areSameTags(one?.tags, tags[at])) return false;
  }
  return true;
}
