// Selects containers by name and label.

/** What a filter looks at. */
export interface FilteredContainer {
  /** As the engine has it, before the rules. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type Filter =
  | { readonly kind: 'name'; readonly glob: string }
  /** Without a glob the label only has to be there. */
  | { readonly kind: 'label'; readonly label: string; readonly glob: string | undefined };

/**
 * Reads `name=GLOB`, `label=NAME` or `label=NAME=GLOB`. In a glob `*` stands for any text, `?` for one character.
 *
 * @throws Error
 */
export function parseFilter(text: string): Filter {
  const [, kind, rest = ''] = /^(name|label)=(.+)$/s.exec(text.trim()) ?? [];
  if (kind === 'name') return { kind, glob: rest };
  const [label = '', ...globs] = rest.split('=');
  const glob = globs.length === 0 ? undefined : globs.join('=');
  if (kind === 'label' && label !== '') return { kind, label, glob };
  throw new Error(`expected name=GLOB, label=NAME or label=NAME=GLOB, found ${JSON.stringify(text.slice(0, 80))}`);
}

/** True for a container that matches one filter of `include`, or if that is empty, and none of `exclude`. */
export function isSelected(
  container: FilteredContainer,
  include: readonly Filter[],
  exclude: readonly Filter[],
): boolean {
  const isMatching = (filter: Filter): boolean => matches(container, filter);
  return (include.length === 0 || include.some(isMatching)) && !exclude.some(isMatching);
}

function matches({ name, labels }: FilteredContainer, filter: Filter): boolean {
  if (filter.kind === 'name') return matchesGlob(name, filter.glob);
  if (!Object.hasOwn(labels, filter.label)) return false;
  return filter.glob === undefined || matchesGlob(labels[filter.label] as string, filter.glob);
}

/**
 * Compares the whole text with a glob. It goes back to the last star alone, so the time is bounded by the product of the
 * lengths; a regular expression of `.*` is not.
 */
function matchesGlob(text: string, glob: string): boolean {
  const characters = Array.from(text);
  const wanted = Array.from(glob);
  let [at, wantedAt, starAt, resumeAt] = [0, 0, -1, 0];
  while (at < characters.length) {
    if (wanted[wantedAt] === '*') {
      starAt = wantedAt;
      wantedAt += 1;
      resumeAt = at;
    } else if (wantedAt < wanted.length && (wanted[wantedAt] === '?' || wanted[wantedAt] === characters[at])) {
      at += 1;
      wantedAt += 1;
    } else if (starAt === -1) {
      return false;
    } else {
      resumeAt += 1;
      at = resumeAt;
      wantedAt = starAt + 1;
    }
  }
  return wanted.slice(wantedAt).every((character) => character === '*');
}
