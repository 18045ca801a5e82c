// The pages of a listing in progress, stored on disk. An interrupted refresh continues at its last page.

import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../../runtime/clock.ts';
import type { Log } from '../../../../runtime/log.ts';
import { describeValue, member, positiveInteger } from '../../fields.ts';
import { jsonFile, type JsonFile } from '../json-file.ts';
import { RestFailure } from './failure.ts';

export interface Page {
  readonly entries: readonly unknown[];
  /** True if another page follows. */
  readonly more: boolean;
  /** Number of the page that follows, when it is not the next one. */
  readonly next?: number;
}

export interface PageCache {
  read(page: number): Promise<Page | undefined>;
  write(page: number, value: Page): Promise<void>;
  clear(): Promise<void>;
}

interface PageCacheOptions {
  /** A directory that contains only these pages. */
  readonly folder: string;
  /** Identifies the account, secrets included. Pages of another account are ignored. Only a digest is stored. */
  readonly account: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Older pages are ignored: nodes may have moved between them. */
const maxAgeMs = 3_600_000;
/** 50,000 nodes of v2; Catchpoint has some thousands. */
const maxPages = 500;

interface StoredPage extends Page {
  readonly account: string;
  readonly readAtMs: number;
}

export function pageCache({ folder, account, clock, log }: PageCacheOptions): PageCache {
  const digest = createHash('sha256').update(account).digest('hex').slice(0, 16);
  function file(page: number): JsonFile<StoredPage> {
    return jsonFile({ path: join(folder, `${String(page).padStart(4, '0')}.json`), parse, log });
  }
  return {
    async read(page) {
      const stored = await file(page).read();
      if (stored === undefined || stored.account !== digest) return undefined;
      const ageMs = clock.now() - stored.readAtMs;
      return ageMs >= 0 && ageMs < maxAgeMs ? stored : undefined;
    },
    write: (page, value) => file(page).write({ account: digest, readAtMs: clock.now(), ...value }),
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface Listed {
  /** One entry for each id, in the order of the pages. */
  readonly entries: readonly unknown[];
  /** Entries without a usable id. */
  readonly skipped: number;
}

/**
 * Reads pages from `first` to the last. The pages stay in the cache: the caller clears it.
 *
 * @throws RestFailure when the pages repeat or do not end, or the error of `readPage`
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
    const page = await cachedOrRead(pages, number, readPage);
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

async function cachedOrRead(
  pages: PageCache,
  number: number,
  readPage: (page: number) => Promise<Page>,
): Promise<Page> {
  const cached = await pages.read(number);
  if (cached !== undefined) return cached;
  const page = await readPage(number);
  await pages.write(number, page);
  return page;
}

function parse(json: unknown): StoredPage {
  const { account, readAtMs, more, entries, next } = (json ?? {}) as Partial<StoredPage>;
  const isPage = typeof account === 'string' && typeof readAtMs === 'number' && typeof more === 'boolean';
  if (!isPage || !Array.isArray(entries)) {
    throw new Error(`a page of nodes: expected account, readAtMs, more and entries, found ${describeValue(json)}`);
  }
  return { account, readAtMs, more, entries, ...(typeof next === 'number' && { next }) };
}
