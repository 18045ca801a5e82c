// What pushes have brought so far: the tests, nodes and tag values that the cardinality guard counts, in memory and in a file of
// their own. The file only grows by what is new, so that no push waits for it, and outlives a spool that is damaged.

import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Log } from '../../../runtime/log.ts';

/** `test`, `node`, `asn`, `error`, or `tag:` and the name of a tag; and the id, or the value as it stands in a tag. */
export type Word = readonly [kind: string, word: string];

export interface KnownNames {
  has(kind: string, word: string): boolean;
  count(kind: string): number;
  /** Every word of a kind. */
  all(kind: string): Iterable<string>;
  /** Kinds of which something is known. */
  kinds(): readonly string[];
  /** Known from now on; on disk soon after. */
  learn(words: readonly Word[]): void;
  /** Words of a kind that count no more are known no more; the file follows soon after. */
  forget(kind: string, isGone: (word: string) => boolean): void;
  /** Resolves when what was learned is on disk, or could not be written. */
  settled(): Promise<void>;
}

const head = 'catchpoint-opentsdb-bridge known words 1';
const names = 'known-words';

/** Where it stands in a state directory. */
function knownWordsPath(stateDir: string): string {
  return join(stateDir, names);
}

/**
 * Opens the file in the state directory. A line that was torn by a crash counts as never written; a file that is something else
 * is moved aside, which is logged.
 */
export async function openKnownNames({
  stateDir,
  log,
}: {
  readonly stateDir: string;
  readonly log: Log;
}): Promise<KnownNames> {
  const path = knownWordsPath(stateDir);
  const text = await textOf(path);
  const isOurs = text === undefined || text.startsWith(`${head}\n`);
  if (!isOurs) {
    await rename(path, `${path}.broken`);
    log.warn(
      { file: path, aside: `${path}.broken` },
      'the file of known tests, nodes and tag values is none; it is moved aside',
    );
  }
  const known = wordsOf(isOurs ? (text ?? '') : '');
  const file = growingFile({ path, whole: () => rendered(known), isWhole: text === rendered(known), log });
  await file.settled();
  return {
    ...readable(known),
    learn(words) {
      for (const [kind, word] of words) add(known, kind, word);
      file.append(words.map(line).join(''));
    },
    forget(kind, isGone) {
      if (remove(known, kind, isGone) > 0) file.rewrite();
    },
    settled: file.settled,
  };
}

/** What stands in the file of a state directory, for somebody who only looks. */
export async function readKnownNames(stateDir: string): Promise<Pick<KnownNames, 'all' | 'count' | 'has' | 'kinds'>> {
  return readable(wordsOf((await textOf(knownWordsPath(stateDir))) ?? ''));
}

/** Known words that no file keeps. */
export function rememberedWords(): KnownNames {
  const known: Known = new Map();
  return {
    ...readable(known),
    learn: (words) => words.forEach(([kind, word]) => add(known, kind, word)),
    forget: (kind, isGone) => void remove(known, kind, isGone),
    settled: async () => {},
  };
}

type Known = Map<string, Set<string>>;

function readable(known: Known): Pick<KnownNames, 'all' | 'count' | 'has' | 'kinds'> {
  return {
    has: (kind, word) => known.get(kind)?.has(word) ?? false,
    count: (kind) => known.get(kind)?.size ?? 0,
    all: (kind) => known.get(kind) ?? [],
    kinds: () => [...known.keys()],
  };
}

function add(known: Known, kind: string, word: string): void {
  const words = known.get(kind);
  if (words === undefined) known.set(kind, new Set([word]));
  else words.add(word);
}

/** How many there were. */
function remove(known: Known, kind: string, isGone: (word: string) => boolean): number {
  const words = known.get(kind) ?? new Set();
  const gone = [...words].filter(isGone);
  for (const word of gone) words.delete(word);
  return gone.length;
}

/** A line says by its end that it is whole; neither part has a space or a semicolon in it. */
function line([kind, word]: Word): string {
  return `${kind} ${word};\n`;
}

function rendered(known: Known): string {
  const lines = [...known].flatMap(([kind, words]) => [...words].map((word) => line([kind, word])));
  return `${head}\n${lines.join('')}`;
}

function wordsOf(text: string): Known {
  const known: Known = new Map();
  for (const [, kind = '', word = ''] of text.matchAll(/^([^ ;\n]+) ([^ ;\n]+);$/gm)) add(known, kind, word);
  return known;
}

interface GrowingFile {
  append(lines: string): void;
  /** Writes it whole, since something in it is to go. */
  rewrite(): void;
  settled(): Promise<void>;
}

interface GrowingFileOptions {
  readonly path: string;
  /** All that is to stand there. */
  readonly whole: () => string;
  /** Whether it stands there already. */
  readonly isWhole: boolean;
  readonly log: Log;
}

/** Appends what came together with one write and one sync; after a write that failed it is written whole, with whatever comes next. */
function growingFile({ path, whole, log, ...given }: GrowingFileOptions): GrowingFile {
  let wantsWhole = !given.isWhole;
  let waiting = '';
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    while (waiting !== '' || wantsWhole) {
      const lines = waiting;
      const replaces = wantsWhole;
      waiting = '';
      wantsWhole = false;
      try {
        await (replaces ? replaceWhole(path, whole()) : appendDurably(path, lines));
      } catch (error) {
        wantsWhole = true;
        log.warn(
          { file: path, reason: (error as Error).message },
          'known tests, nodes and tag values cannot be written; a restart forgets them',
        );
        return;
      }
    }
  }

  const start = (): Promise<void> => (writing ??= write().finally(() => void (writing = undefined)));
  return {
    append(lines) {
      waiting += lines;
      void start();
    },
    rewrite() {
      wantsWhole = true;
      void start();
    },
    async settled() {
      await writing;
      if (waiting !== '' || wantsWhole) await start();
    },
  };
}

async function replaceWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileAtomic(path, text, { mode: 0o600 });
}

async function appendDurably(path: string, lines: string): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    await file.appendFile(lines);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
