// The store that an earlier version kept its spool in, attached as an older part of the spool: its records are drained from here
// and never copied, the rest is handed over once. It is only read, by a process of its own (reader-child.ts).

import type { DataPoint } from '../../../model/point.ts';
import { makeLockAnew } from './files.ts';
import { type LegacyItem, itemsOf } from './items.ts';
import { faultOfMetaPages } from './meta-pages.ts';
import type { Answer, Entries, Opened, RecordEntry, Records } from './requests.ts';
import { type ReaderChild, type ReaderOptions, startReader } from './reader-child.ts';
import { type LegacyHead, pointOf } from './rows.ts';
import { LegacyStoreUnreadable } from './unreadable.ts';

export interface LegacyRecord {
  readonly sequence: number;
  /** ms since 1970 UTC */
  readonly appendedAtMs: number;
  readonly points: readonly DataPoint[];
  /** As they count against the bound. */
  readonly bytes: number;
}

/** A record that is lost. */
export interface DamagedLegacyRecord {
  readonly sequence: number;
  readonly damaged: true;
  /** How many there were in it, where its neighbours tell. */
  readonly points?: number;
}

export interface LegacyStore {
  readonly head: LegacyHead;
  /** What had been appended before the first record that can be read: where a sink begins whose position was lost. */
  readonly before: LegacyHead;
  /** Of the process that reads it. */
  readonly pid: number | undefined;
  /** All but the records; the positions first. */
  items(): AsyncIterable<LegacyItem>;
  /**
   * The records of a stretch in order, both ends included, read as they are taken. It is to be one that a sink has not finished: what
   * is missing in it is lost. As many as one likes at once.
   *
   * @throws FormerStoreUnreadable when it can be read no further
   */
  records(from: number, through: number): AsyncIterable<LegacyRecord | DamagedLegacyRecord>;
  close(): Promise<void>;
}

/** After sysexits: reading or writing failed. */
const ioError = 74;

/**
 * Opens the store in a directory to be read; the caller is the only one that has it open.
 *
 * @throws FormerStoreUnreadable
 */
export async function openLegacyStore(directory: string, options: ReaderOptions): Promise<LegacyStore> {
  try {
    makeLockAnew(directory);
  } catch (error) {
    throw new LegacyStoreUnreadable(`spool in ${directory}: cannot be opened: ${(error as Error).message}`, {
      exitCode: ioError,
    });
  }
  const reader = startReader(directory, options);
  try {
    const opened = await reader.opened;
    if ('unreadable' in opened) throw new LegacyStoreUnreadable(opened.unreadable, opened);
    const store = { directory, reader, opened, fault: faultOfMetaPages(directory) };
    return {
      head: opened.head,
      before: opened.before,
      pid: reader.pid,
      items: () => itemsOf(store),
      records: (from, through) => recordsOf(store, from, through),
      close: reader.close,
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

interface Attached {
  readonly directory: string;
  readonly reader: ReaderChild;
  readonly opened: Exclude<Opened, { unreadable: string }>;
  readonly fault: string | undefined;
}

/** The next answer is asked for while one is handled. */
async function* recordsOf(
  store: Attached,
  from: number,
  through: number,
): AsyncGenerator<LegacyRecord | DamagedLegacyRecord> {
  const last = Math.min(through, store.opened.head.sequence);
  const ask = (recordsFrom: number): Promise<Answer> => store.reader.ask({ recordsFrom, through: last });
  let asked: Promise<Answer> | undefined = from <= last ? ask(from) : undefined;
  while (asked !== undefined) {
    const answer = (await asked) as Exclude<Answer, Entries>;
    if ('unreadable' in answer)
      throw new LegacyStoreUnreadable(`spool in ${store.directory}: records: ${answer.unreadable}`);
    asked = nextOf(answer, ask);
    for (const entry of answer.records) yield* recordsIn(entry);
  }
}

/** Nobody may wait for it when it fails: it is told to whoever does. */
function nextOf({ next }: Records, ask: (from: number) => Promise<Answer>): Promise<Answer> | undefined {
  const asked = next === undefined ? undefined : ask(next);
  asked?.catch(() => {});
  return asked;
}

function* recordsIn(entry: RecordEntry): Generator<LegacyRecord | DamagedLegacyRecord> {
  if ('row' in entry) {
    const { sequence, bytes, row } = entry;
    yield { sequence, appendedAtMs: row[0], points: row[3].map(pointOf), bytes };
    return;
  }
  const [from, through] = entry.lost;
  let left = entry.points;
  for (let sequence = from; sequence <= through; sequence += 1) {
    const points = left === undefined ? undefined : Math.round(left / (through - sequence + 1));
    if (left !== undefined) left -= points ?? 0;
    yield { sequence, damaged: true, ...(points !== undefined && { points }) };
  }
}
