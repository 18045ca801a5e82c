// The pages of a listing that is under way, kept on disk, so that a refresh that was interrupted goes on where it was.

import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../../runtime/clock.ts';
import type { Log } from '../../../../runtime/log.ts';
import { found, member, positiveInteger } from '../../fields.ts';
import { jsonFile, type JsonFile } from '../json-file.ts';
import { RestFailure } from './failure.ts';

/** A page of a list as the API gave it. */
export interface Page {
  readonly entries: readonly unknown[];
  readonly more: boolean;
  /** The number of the page that follows, where it is not simply the next. */
  readonly next?: number;
}

export interface PageCache {
  read(page: number): Promise<Page | undefined>;
  write(page: number, value: Page): Promise<void>;
  /** Forgets every page. */
  clear(): Promise<void>;
}

export interface PageCacheOptions {
  /** A directory for these pages alone. */
  readonly folder: string;
  /** Whose pages they are, secrets included: pages of another account are not used. Only a digest is kept. */
  readonly account: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Older pages are read again: the nodes between them may have moved. */
const maxAgeMs = 3_600_000;
/** 50,000 nodes of v2; Catchpoint has some thousands. */
const maxPages = 500;

interface KeptPage extends Page {
  readonly account: string;
  readonly readAtMs: number;
}

export function pageCache({ folder, account, clock, log }: PageCacheOptions): PageCache {
  const digest = createHash('sha256').update(account).digest('hex').slice(0, 16);
  function file(page: number): JsonFile<KeptPage> {
    return jsonFile({ path: join(folder, `${String(page).padStart(4, '0')}.json`), parse: pageOf, log });
  }
  return {
    async read(page) {
      const kept = await file(page).read();
      if (kept === undefined || kept.account !== digest) return undefined;
      const ageMs = clock.now() - kept.readAtMs;
      return ageMs >= 0 && ageMs < maxAgeMs ? kept : undefined;
    },
    write: (page, value) => file(page).write({ account: digest, readAtMs: clock.now(), ...value }),
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface Listed {
  /** Each id once, in the order of the pages. */
  readonly entries: readonly unknown[];
  /** Entries without a usable id. */
  readonly skipped: number;
}

/**
 * Reads page after page from `first` on until one says that it is the last. The pages stay kept until they are cleared.
 *
 * @throws RestFailure when the pages run in a circle or have no end; whatever `readPage` throws
 */
export async function everyPage(
  pages: PageCache,
  first: number,
  readPage: (page: number) => Promise<Page>,
): Promise<Listed> {
  const byId = new Map<number, unknown>();
  let skipped = 0;
  let number = first;
  for (let read = 1; read <= maxPages; read += 1) {
    const page = await keptOrRead(pages, number, readPage);
    const before = byId.size;
    for (const entry of page.entries) {
      const id = positiveInteger(member(entry, 'id'));
      if (id === undefined) skipped += 1;
      else byId.set(id, entry);
    }
    if (!page.more) return { entries: [...byId.values()], skipped };
    if (byId.size === before) {
      await pages.clear();
      throw new RestFailure(
        `page ${number} of the nodes holds none that the pages before did not, yet says that more follow`,
      );
    }
    number = page.next ?? number + 1;
  }
  await pages.clear();
  throw new RestFailure(`the nodes have no end: ${byId.size} on ${maxPages} pages, and more are said to follow`);
}

async function keptOrRead(pages: PageCache, number: number, readPage: (page: number) => Promise<Page>): Promise<Page> {
  const kept = await pages.read(number);
  if (kept !== undefined) return kept;
  const page = await readPage(number);
  await pages.write(number, page);
  return page;
}

function pageOf(json: unknown): KeptPage {
  const { account, readAtMs, more, entries, next } = (json ?? {}) as Partial<KeptPage>;
  if (
    typeof account !== 'string' ||
    typeof readAtMs !== 'number' ||
    typeof more !== 'boolean' ||
    !Array.isArray(entries)
  ) {
    throw new Error(`a page of nodes: expected account, readAtMs, more and entries, found ${found(json)}`);
  }
  return { account, readAtMs, more, entries, ...(typeof next === 'number' ? { next } : {}) };
}
