// Whether the links in Markdown lead somewhere: each relative one to a file or folder, each anchor to a heading.

import { posix } from 'node:path';

/** Markdown by its path from the root of the repository, such as `docs/spool.md`. */
export type Pages = ReadonlyMap<string, string>;

/**
 * A line for every link of these pages that leads nowhere.
 *
 * @param isThere - whether there is a file or folder at this path from the root
 */
export function brokenLinks(pages: Pages, isThere: (path: string) => boolean): string[] {
  return [...pages].flatMap(([page, text]) =>
    linksIn(text).flatMap((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : posix.join(posix.dirname(page), path);
      if (target.startsWith('..') || !isThere(target)) return [`${page}: ${link}: there is no ${target}`];
      if (anchor === undefined) return [];
      const headings = pages.get(target);
      if (headings === undefined) return [`${page}: ${link}: ${target} is no page whose headings are known`];
      return anchorsOf(headings).includes(anchor) ? [] : [`${page}: ${link}: no heading of ${target} has this anchor`];
    }),
  );
}

/** The pages that no chain of links from the first one reaches. */
export function unreachedPages(pages: Pages, first: string): string[] {
  const reached = new Set<string>();
  function visit(page: string): void {
    if (reached.has(page) || !pages.has(page)) return;
    reached.add(page);
    for (const link of linksIn(pages.get(page) ?? '')) visit(posix.join(posix.dirname(page), link.split('#')[0] ?? ''));
  }
  visit(first);
  return [...pages.keys()].filter((page) => !reached.has(page));
}

/** Targets of links and pictures that are relative, code left out. */
function linksIn(text: string): string[] {
  const prose = withoutFences(text).replace(/`[^`\n]*`/g, '``');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] as string)
    .filter((target) => !/^[a-z]+:/i.test(target));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutFences(text).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = '']) => {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const anchor = shown
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

function withoutFences(text: string): string {
  return text.replace(/^( *)```[\s\S]*?^\1```$/gm, '');
}
