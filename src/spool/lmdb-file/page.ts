// A page of lmdb's file as its header and nodes; whatever they say is checked against the page before it is believed.
// LMDB 1.0's MDB_page and MDB_node, on machines of 64 bits that write the low byte first.

/** Number of the page, transaction, two bytes of padding, flags, bounds of the free space. */
export const headerBytes = 24;
const nodeHeaderBytes = 8;
/** Number of the first page, transaction, count of pages (MDB_ovpage). */
const overflowReferenceBytes = 24;

const branchFlag = 0x01;
const leafFlag = 0x02;
const overflowFlag = 0x04;
const isOverflow = 0x01;
const isTree = 0x02;

/** A key with its value, or with where its value is. */
export interface LeafNode {
  readonly key: Buffer;
  /** What stands in the page; for a large value that is a reference (see overflowOf). */
  readonly data: Buffer;
  readonly valueBytes: number;
  /** Whether the value is the header of a named database. */
  readonly isTree: boolean;
  readonly isOverflow: boolean;
}

export interface BranchNode {
  readonly key: Buffer;
  readonly page: number;
}

export type Page = { readonly leaf: readonly LeafNode[] } | { readonly branch: readonly BranchNode[] };

/** A page of a tree; what is wrong with it, in words, when it is none. */
export function pageOf(bytes: Buffer, number: number, transaction: number): Page | string {
  if (Number(bytes.readBigUInt64LE(0)) !== number) return 'has another page\'s number';
  if (transactionOf(bytes) > transaction) return 'is of a transaction yet to come';
  const flags = bytes.readUInt16LE(18);
  if (flags !== branchFlag && flags !== leafFlag) return `has the flags ${flags}`;
  const lower = bytes.readUInt16LE(20);
  const upper = bytes.readUInt16LE(22);
  if (lower % 2 !== 0 || lower > upper || headerBytes + upper > bytes.length) return 'has impossible bounds';
  const offsets = offsetsOf(bytes, lower / 2);
  const gap = gapBehind(bytes, headerBytes + upper, offsets, flags === leafFlag);
  if (gap !== undefined) return `has nodes that do not follow each other at byte ${gap}`;
  if (flags === branchFlag) {
    const branch = offsets.map((offset) => branchNode(bytes, offset));
    return branch.length > 0 && branch.every((node) => node !== undefined) ? { branch } : 'has a node outside of its bounds';
  }
  const leaf = offsets.map((offset) => leafNode(bytes, offset));
  return leaf.every((node) => node !== undefined) ? { leaf } : 'has a node outside of its bounds';
}

/** The transaction that wrote a page, if it can be believed. */
export function transactionOf(bytes: Buffer): number {
  return Number(bytes.readBigUInt64LE(8));
}

/** Every node of a leaf that can be made out, whatever else is wrong with the page. */
export function nodesIn(bytes: Buffer): LeafNode[] {
  const lower = bytes.readUInt16LE(20);
  const most = (bytes.length - headerBytes) / (2 + nodeHeaderBytes);
  const count = lower % 2 === 0 && lower / 2 <= most ? lower / 2 : most;
  return offsetsOf(bytes, count)
    .map((offset) => leafNode(bytes, offset))
    .filter((node) => node !== undefined);
}

/** Where a large value is. */
export function overflowOf({ data }: LeafNode): { readonly page: number; readonly count: number } {
  return { page: Number(data.readBigUInt64LE(0)), count: Number(data.readBigUInt64LE(16)) };
}

/** The value in its pages; undefined when they are not those. */
export function overflowValue(bytes: Buffer, page: number, { valueBytes }: LeafNode): Buffer | undefined {
  const isThat = Number(bytes.readBigUInt64LE(0)) === page && bytes.readUInt16LE(18) === overflowFlag;
  return isThat && headerBytes + valueBytes <= bytes.length ? bytes.subarray(headerBytes, headerBytes + valueBytes) : undefined;
}

function offsetsOf(bytes: Buffer, count: number): number[] {
  return Array.from({ length: count }, (_, index) => headerBytes + bytes.readUInt16LE(headerBytes + index * 2));
}

/** lmdb keeps the nodes of a page one behind the other, to its end: where they are not; undefined: they are. */
function gapBehind(bytes: Buffer, upper: number, offsets: readonly number[], isLeaf: boolean): number | undefined {
  let end = upper;
  for (const offset of offsets.toSorted((a, b) => a - b)) {
    if (offset !== end || offset + nodeHeaderBytes > bytes.length) return end;
    const valueBytes = (bytes.readUInt16LE(offset + 4) & isOverflow) !== 0 ? overflowReferenceBytes : bytes.readUInt16LE(offset) + bytes.readUInt16LE(offset + 2) * 2 ** 16;
    const nodeBytes = nodeHeaderBytes + bytes.readUInt16LE(offset + 6) + (isLeaf ? valueBytes : 0);
    end += nodeBytes + (nodeBytes % 2);
  }
  return end === bytes.length ? undefined : end;
}

function branchNode(bytes: Buffer, offset: number): BranchNode | undefined {
  const key = keyAt(bytes, offset);
  if (key === undefined) return undefined;
  const page = bytes.readUInt16LE(offset) + bytes.readUInt16LE(offset + 2) * 2 ** 16 + bytes.readUInt16LE(offset + 4) * 2 ** 32;
  return { key, page };
}

function leafNode(bytes: Buffer, offset: number): LeafNode | undefined {
  const key = keyAt(bytes, offset);
  if (key === undefined || key.length === 0) return undefined;
  const valueBytes = bytes.readUInt16LE(offset) + bytes.readUInt16LE(offset + 2) * 2 ** 16;
  const flags = bytes.readUInt16LE(offset + 4);
  const isLarge = (flags & isOverflow) !== 0;
  const start = offset + nodeHeaderBytes + key.length;
  const end = start + (isLarge ? overflowReferenceBytes : valueBytes);
  if (end > bytes.length) return undefined;
  return { key, data: bytes.subarray(start, end), valueBytes, isTree: (flags & isTree) !== 0, isOverflow: isLarge };
}

function keyAt(bytes: Buffer, offset: number): Buffer | undefined {
  const start = offset + nodeHeaderBytes;
  if (start > bytes.length) return undefined;
  const end = start + bytes.readUInt16LE(offset + 6);
  return end <= bytes.length ? bytes.subarray(start, end) : undefined;
}
