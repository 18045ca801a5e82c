// The two meta pages of lmdb's file: the last transaction and the one before it. LMDB 1.0's MDB_meta, data version 2.

import type { PageFile } from './page-file.ts';
import { headerBytes } from './page.ts';

/** Where a tree begins, and what lmdb has counted in it (MDB_db). */
export interface Tree {
  /** Undefined when it is empty. */
  readonly root: number | undefined;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly entries: number;
}

export interface Meta {
  readonly transaction: number;
  readonly lastPage: number;
  readonly pageBytes: number;
  /** The pages that can be used again. */
  readonly free: Tree;
  /** The names and trees of the databases. */
  readonly main: Tree;
}

export const treeBytes = 48;
const magic = 0xbeefc0de;
const version = 2;
const maxMapBytes = 2 ** 46;

/** A file of another version of lmdb's: not damaged, and not to be read here. */
export class UnknownFileVersion extends Error {
  override readonly name = 'UnknownFileVersion';
  /** After sysexits: something about the installation is wrong. */
  readonly exitCode = 78;
}

/**
 * The newer meta that is sound, with the faults of both in words.
 *
 * @throws UnknownFileVersion
 */
export function readMeta(file: PageFile): { readonly meta: Meta | undefined; readonly faults: readonly string[] } {
  refuseOtherVersions(file);
  const read = [metaAt(file, 0), metaAt(file, 1)] as const;
  const faults = read.flatMap((one, page) => (typeof one === 'string' ? [`meta page ${page}: ${one}`] : []));
  const metas = read.filter((one) => typeof one !== 'string').toSorted((a, b) => b.transaction - a.transaction);
  const [newer, older] = metas;
  if (newer !== undefined && older !== undefined && newer.transaction - older.transaction > 1) {
    faults.push(`meta pages: of transactions ${older.transaction} and ${newer.transaction}, which do not follow each other`);
  }
  return { meta: newer, faults };
}

function refuseOtherVersions(file: PageFile): void {
  const versions = [0, 1].map((page) => file.read(page)?.subarray(headerBytes)).map((bytes) => (bytes?.readUInt32LE(0) === magic ? bytes.readUInt32LE(4) : -1));
  const [found] = versions;
  if (found !== undefined && found > 0 && (found & 0xffff) !== version && versions.every((each) => each === found)) {
    throw new UnknownFileVersion(`spool: lmdb wrote its file in version ${found & 0xffff}, which is not known here (this program reads ${version})`);
  }
}

function metaAt(file: PageFile, page: number): Meta | string {
  const bytes = file.read(page)?.subarray(headerBytes);
  if (bytes === undefined) return 'cannot be read';
  if (bytes.readUInt32LE(0) !== magic) return 'is none';
  if ((bytes.readUInt32LE(4) & 0xffff) !== version) return `is of version ${bytes.readUInt32LE(4)}`;
  const mapBytes = Number(bytes.readBigUInt64LE(16));
  const meta: Meta = {
    pageBytes: bytes.readUInt32LE(24),
    free: treeOf(bytes.subarray(24)),
    main: treeOf(bytes.subarray(24 + treeBytes)),
    lastPage: Number(bytes.readBigUInt64LE(24 + 2 * treeBytes)),
    transaction: Number(bytes.readBigUInt64LE(32 + 2 * treeBytes)),
  };
  if (meta.pageBytes !== file.pageBytes) return `says that pages have ${meta.pageBytes} bytes`;
  if (mapBytes > maxMapBytes || mapBytes < (meta.lastPage + 1) * meta.pageBytes) return `says that the map has ${mapBytes} bytes`;
  if (meta.transaction > 0 && meta.transaction % 2 !== page) return `is of transaction ${meta.transaction}`;
  return meta;
}

/** @param bytes - at least `treeBytes` */
export function treeOf(bytes: Buffer): Tree {
  const root = bytes.readBigUInt64LE(40);
  return {
    depth: bytes.readUInt16LE(6),
    branchPages: Number(bytes.readBigUInt64LE(8)),
    leafPages: Number(bytes.readBigUInt64LE(16)),
    entries: Number(bytes.readBigUInt64LE(32)),
    root: root === 0xffffffffffffffffn ? undefined : Number(root),
  };
}
