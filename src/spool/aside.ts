// Stores that were damaged stand aside, beside the one that has taken their place, until somebody has looked at them.

import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const mark = '.damaged-';
/** In a store that was salvaged to its end. */
const salvagedFile = 'salvaged';

/**
 * Moves a store aside, to `spool.damaged-20261121T033412Z`, and returns where it is now. Of those that stand there already
 * and were salvaged, none is kept: one is enough to look at, and they are large.
 */
export function setAside(directory: string, nowMs: number): string {
  for (const old of standingAside(directory)) if (isSalvaged(old)) rmSync(old, { recursive: true, force: true });
  const aside = nameAside(directory, nowMs);
  renameSync(directory, aside);
  rmSync(join(aside, 'reserve'), { force: true });
  return aside;
}

/** A name for a store that is to stand aside, which is not taken. */
export function nameAside(directory: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return freeName(`${directory}${mark}${time}`);
}

/** The stores that stand aside and were not salvaged to their end, the oldest first; where there is no file, there is no store. */
export function unsalvaged(directory: string): string[] {
  return standingAside(directory).filter((aside) => !isSalvaged(aside) && isThere(join(aside, 'data.mdb')));
}

export function noteSalvaged(aside: string): void {
  writeFileSync(join(aside, salvagedFile), '');
}

function standingAside(directory: string): string[] {
  const parent = dirname(directory);
  const names = readdirSync(parent).filter((name) => name.startsWith(`${basename(directory)}${mark}`));
  return names.toSorted().map((name) => join(parent, name));
}

function isSalvaged(aside: string): boolean {
  return isThere(join(aside, salvagedFile));
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function freeName(name: string, number = 2): string {
  if (!isThere(name)) return name;
  return isThere(`${name}-${number}`) ? freeName(name, number + 1) : `${name}-${number}`;
}
