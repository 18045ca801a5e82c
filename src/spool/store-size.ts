// How large a store is, as lmdb counts it: entries and pages.

/** What lmdb says of a database. */
interface Pages {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** What it says of the file as well. */
interface LmdbStats extends Pages {
  readonly pageSize: number;
  readonly entryCount: number;
  readonly lastPageNumber: number;
  readonly root: Pages;
  readonly free: Pages;
}

interface Counted {
  getStats(): {};
}

/** How many entries a database has, without reading them. */
export function entries(database: Counted): number {
  return (database.getStats() as LmdbStats).entryCount;
}

/** How many bytes the pages of a database take. */
export function pageBytes(database: Counted): number {
  const stats = database.getStats() as LmdbStats;
  return stats.pageSize * pagesOf(stats);
}

/** The bytes of the file that none of its databases uses; they are used again before it grows. */
export function reusableBytes(databases: readonly Counted[]): number {
  const stats = databases.map((database) => database.getStats() as LmdbStats);
  const { pageSize, lastPageNumber, root, free } = stats[0] as LmdbStats;
  const used = [root, free, ...stats].reduce((sum, pages) => sum + pagesOf(pages), metaPages);
  return pageSize * Math.max(0, lastPageNumber + 1 - used);
}

const metaPages = 2;

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: Pages): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
}
