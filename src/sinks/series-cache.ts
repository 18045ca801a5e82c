// Remembers what a sink makes of all runs that have the same cuts, the same stems and the same tags of series: their form. Runs of a
// form differ in the time, the tail, the values and the tags of the run.

import { areSameTags, type Cuts, type FactoredPoints } from '../model/factored-points.ts';
import type { Tags } from '../model/point.ts';

/** Undefined where there is no form for such points. */
export type FormOf<Form> = (points: FactoredPoints) => Form | undefined;

interface Remembered<Form> {
  readonly stems: readonly string[];
  readonly tags: readonly (Tags | undefined)[];
  /** Whether the run has tags for all its points. */
  readonly isTagged: boolean;
  readonly form: Form | undefined;
}

/** How many forms are remembered; each takes two to four kilobytes. A node has a few: with and without an RTT, for each status. */
const maxKnown = 50_000;
const maxOfCuts = 8;

/** @param make - makes a form of what its points have in common */
export function seriesCache<Form>(make: FormOf<Form>): FormOf<Form> {
  let known = new WeakMap<Cuts, Remembered<Form>[]>();
  let count = 0;
  return (points) => {
    const { cuts, series, tags } = points;
    const ofCuts = known.get(cuts);
    const found = ofCuts?.find((each) => isOf(each, points));
    if (found !== undefined) return found.form;
    const made: Remembered<Form> = {
      stems: series.map(({ stem }) => stem),
      tags: series.map((one) => one.tags),
      isTagged: tags !== undefined,
      form: make(points),
    };
    if (ofCuts !== undefined && ofCuts.length >= maxOfCuts) return made.form;
    count += 1;
    if (count > maxKnown) [known, count] = [new WeakMap([[cuts, [made]]]), 1];
    else if (ofCuts === undefined) known.set(cuts, [made]);
    else ofCuts.push(made);
    return made.form;
  };
}

function isOf<Form>({ stems, tags, isTagged }: Remembered<Form>, points: FactoredPoints): boolean {
  const { series } = points;
  if (stems.length !== series.length || isTagged !== (points.tags !== undefined)) return false;
  for (let at = 0; at < series.length; at += 1) {
    const one = series[at];
    if (one?.stem !== stems[at] || !areSameTags(one?.tags, tags[at])) return false;
  }
  return true;
}
