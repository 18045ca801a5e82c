// The labels of a test, read out of a push: those that are wanted as tags, and no others.

import { text } from './fields.ts';

/** The values of each wanted label, by its name in lower case; Catchpoint tells no label names apart by case. */
export type Labels = Readonly<Record<string, readonly string[]>>;

/**
 * Finds the wanted labels: in Catchpoint's own JSON an array of objects with a name and a list of values each, in a template
 * one object. Undefined when there is none of them.
 *
 * @param wanted - names in lower case
 */
export function labelsOf(found: unknown, wanted: readonly string[]): Labels | undefined {
  if (wanted.length === 0 || typeof found !== 'object' || found === null) return undefined;
  const entries = (Array.isArray(found) ? found : [found]).flatMap((each): [string, unknown][] =>
    typeof each === 'object' && each !== null ? Object.entries(each) : [],
  );
  const labels = wanted.flatMap((name) => {
    const values = entries.filter(([label]) => label.toLowerCase() === name).flatMap(([, value]) => valuesOf(value));
    return values.length === 0 ? [] : [[name, values] as const];
  });
  return labels.length === 0 ? undefined : Object.fromEntries(labels);
}

function valuesOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(text).filter((each) => each !== undefined);
}
