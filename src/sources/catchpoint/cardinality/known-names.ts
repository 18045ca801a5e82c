// The tests, nodes and tag values seen in pushes so far, for the cardinality guard to count. They are stored in
// memory and in a file with one line for each. Pushes do not wait for the file, and it survives a damaged spool.

import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Log } from '../../../runtime/log.ts';
import { makeDirectory } from '../../../runtime/make-directory.ts';
import { undefinedIfMissing } from '../nodes/json-file.ts';

/** Kind: `test`, `node`, `asn`, `error`, or `tag:` and a tag's name. Name: the id, or the tag's value. */
export type KnownName = readonly [kind: string, name: string];

interface ReadKnownNames {
  has(kind: string, name: string): boolean;
  count(kind: string): number;
  all(kind: string): Iterable<string>;
  /** The kinds with at least one name so far. */
  kinds(): readonly string[];
}

export interface KnownNames extends ReadKnownNames {
  /** Adds names at once in memory, and soon after in the file. */
  learn(names: readonly KnownName[]): void;
  /** Removes names at once in memory, and soon after from the file. */
  forget(kind: string, isForgotten: (name: string) => boolean): void;
  /** Resolves when all changes are on disk, or the disk has failed. */
  flush(): Promise<void>;
}

const header = 'catchpoint-opentsdb-bridge known words 1';

function pathIn(stateDir: string): string {
  return join(stateDir, 'known-words');
}

/** Opens the file of a state directory. Ignores a torn last line. Moves a file without the header aside. */
export async function openKnownNames(options: { readonly stateDir: string; readonly log: Log }): Promise<KnownNames> {
  const { log } = options;
  const path = pathIn(options.stateDir);
  const text = await textOf(path);
  const isValid = text === undefined || text.startsWith(`${header}\n`);
  if (!isValid) {
    await rename(path, `${path}.broken`);
    log.warn(
      { file: path, aside: `${path}.broken` },
      'the file of known tests, nodes and tag values is none; it is moved aside',
    );
  }
  const names = parse(isValid ? (text ?? '') : '');
  let pendingLines = '';
  let mustRewrite = text !== render(names);
  let writing: Promise<void> | undefined;

  /** Appends all pending lines with one sync. After a failed write the next one rewrites the file. */
  async function writePending(): Promise<void> {
    while (pendingLines !== '' || mustRewrite) {
      const lines = pendingLines;
      const isRewrite = mustRewrite;
      pendingLines = '';
      mustRewrite = false;
      try {
        await (isRewrite ? rewrite(path, render(names)) : appendDurably(path, lines));
      } catch (error) {
        mustRewrite = true;
        log.warn(
          { file: path, reason: (error as Error).message },
          'known tests, nodes and tag values cannot be written; a restart forgets them',
        );
        return;
      }
    }
  }

  function write(): Promise<void> {
    return (writing ??= writePending().finally(() => void (writing = undefined)));
  }

  async function flush(): Promise<void> {
    await writing;
    if (pendingLines !== '' || mustRewrite) await write();
  }

  await flush();
  return {
    ...readable(names),
    learn(added) {
      for (const [kind, name] of added) add(names, kind, name);
      pendingLines += added.map(line).join('');
      void write();
    },
    forget(kind, isForgotten) {
      const forgotten = [...(names.get(kind) ?? [])].filter(isForgotten);
      if (forgotten.length === 0) return;
      for (const name of forgotten) names.get(kind)?.delete(name);
      mustRewrite = true;
      void write();
    },
    flush,
  };
}

/** The names in the file of a state directory, without opening it for writing. */
export async function readKnownNames(stateDir: string): Promise<ReadKnownNames> {
  return readable(parse((await textOf(pathIn(stateDir))) ?? ''));
}

type NamesByKind = Map<string, Set<string>>;

function readable(names: NamesByKind): ReadKnownNames {
  return {
    has: (kind, name) => names.get(kind)?.has(name) ?? false,
    count: (kind) => names.get(kind)?.size ?? 0,
    all: (kind) => names.get(kind) ?? [],
    kinds: () => [...names.keys()],
  };
}

function add(names: NamesByKind, kind: string, name: string): void {
  const ofKind = names.get(kind);
  if (ofKind === undefined) names.set(kind, new Set([name]));
  else ofKind.add(name);
}

/** The semicolon marks a whole line. Neither part contains a space or a semicolon. */
function line([kind, name]: KnownName): string {
  return `${kind} ${name};\n`;
}

function render(names: NamesByKind): string {
  const lines = [...names].flatMap(([kind, ofKind]) => [...ofKind].map((name) => line([kind, name])));
  return `${header}\n${lines.join('')}`;
}

function parse(text: string): NamesByKind {
  const names: NamesByKind = new Map();
  for (const [, kind = '', name = ''] of text.matchAll(/^([^ ;\n]+) ([^ ;\n]+);$/gm)) add(names, kind, name);
  return names;
}

async function textOf(path: string): Promise<string | undefined> {
  return undefinedIfMissing(readFile(path, 'utf8'));
}

async function rewrite(path: string, text: string): Promise<void> {
  makeDirectory(dirname(path), 0o700);
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
