// Records what a running bridge writes to its store, what it syncs, and when it answers a push: strace is attached to it.
//
// The store is written without a writable map (lmdb's default), so that every page goes through a system call: data pages by
// pwrite64 and writev, then fdatasync, then the meta page through a file that was opened with O_DSYNC.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** In the order in which they happened. */
export type StoreEvent =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Buffer; readonly isSynced: boolean }
  | { readonly kind: 'sync' }
  | { readonly kind: 'truncate'; readonly length: number }
  /** A 200 went out for the push whose body held this Summary.Timestamp. */
  | { readonly kind: 'answered'; readonly timestamp: string };

export interface Recording {
  /** Ends the recording; the process goes on. */
  end(): Promise<readonly StoreEvent[]>;
}

const calls = 'pwrite64,pwritev,writev,write,lseek,read,fdatasync,fsync,ftruncate';
/** Longer texts are cut; the largest write is a few dozen pages. */
const maxTextBytes = 2_000_000;
const dsync = 0o10000;

/** Attaches; undefined where there is no strace, or where it may not be attached. */
export async function record(pid: number, store: string, output: string): Promise<Recording | undefined> {
  if (!existsSync('/usr/bin/strace')) return undefined;
  const files = filesOf(pid, store);
  const strace = spawn('strace', ['-f', '-p', String(pid), '-o', output, '-xx', '-s', String(maxTextBytes), '-e', `trace=${calls}`, '-e', 'signal=none']);
  if (!(await attached(strace))) return undefined;
  return {
    async end() {
      strace.kill('SIGINT');
      await new Promise((resolve) => strace.once('close', resolve));
      return eventsOf(readFileSync(output, 'latin1').split('\n'), files);
    },
  };
}

function attached(strace: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    strace.stderr?.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes('attached')) resolve(true);
    });
    strace.once('error', () => resolve(false));
    strace.once('close', () => resolve(false));
  });
}

/** The file descriptors of the store, and whether each write through them is synced. */
type StoreFiles = ReadonlyMap<number, { readonly isSynced: boolean }>;

function filesOf(pid: number, store: string): StoreFiles {
  const numbers = readdirSync(`/proc/${pid}/fd`).filter((number) => readlinkSync(`/proc/${pid}/fd/${number}`) === store);
  return new Map(
    numbers.map((number) => {
      const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${number}`, 'utf8'))?.[1] ?? '0';
      return [Number(number), { isSynced: (Number.parseInt(flags, 8) & dsync) !== 0 }];
    }),
  );
}

/** `123 pwrite64(19, "\x05\x00", 2, 32768) = 2`, or cut in two by another thread's: `… <unfinished ...>`, `<... pwrite64 resumed>…`. */
export function eventsOf(lines: readonly string[], files: StoreFiles): StoreEvent[] {
  const events: StoreEvent[] = [];
  const places = new Map<number, number>();
  const pushed = new Map<number, string>();
  const syncing = new Map<string, string>();
  for (const line of lines) {
    const [, thread = '', resumed, call = '', rest = ''] = /^(\d+)\s+(<\.\.\. )?(\w+)(.*)$/s.exec(line) ?? [];
    const fd = resumed === undefined ? Number(/^\((\d+)/.exec(rest)?.[1]) : Number(syncing.get(thread));
    const file = files.get(fd);
    if (call === 'fdatasync' || call === 'fsync') {
      if (rest.includes('unfinished')) syncing.set(thread, String(fd));
      else if (file !== undefined) events.push({ kind: 'sync' });
    } else if (resumed !== undefined && call === 'read') {
      note(pushed, Number(syncing.get(thread)), rest);
    } else if (call === 'read') {
      if (rest.includes('unfinished')) syncing.set(thread, String(fd));
      note(pushed, fd, rest);
    } else if (call === 'lseek') {
      places.set(fd, Number(/^\(\d+, (\d+)/.exec(rest)?.[1]));
    } else if (file !== undefined && call === 'ftruncate') {
      events.push({ kind: 'truncate', length: Number(/, (\d+)/.exec(rest)?.[1]) });
    } else if (file !== undefined && /write/.test(call) && resumed === undefined) {
      const bytes = textsOf(rest);
      const offset = call.startsWith('pwrite') ? Number(/, (\d+)(?:\)| <unf)/.exec(rest.slice(rest.lastIndexOf('"')))?.[1]) : (places.get(fd) ?? 0);
      places.set(fd, offset + bytes.length);
      events.push({ kind: 'write', offset, bytes, isSynced: file.isSynced });
    } else if (file === undefined && /^writev?$/.test(call) && resumed === undefined) {
      const timestamp = pushed.get(fd);
      if (timestamp === undefined || !textsOf(rest).toString('latin1').startsWith('HTTP/1.1 200')) continue;
      events.push({ kind: 'answered', timestamp });
      pushed.delete(fd);
    }
  }
  return events;
}

/** Remembers for a connection which push came in by it last. */
function note(pushed: Map<number, string>, fd: number, rest: string): void {
  if (!rest.includes('\\x54\\x69\\x6d\\x65\\x73\\x74\\x61\\x6d\\x70')) return;
  const timestamp = /"Timestamp":"(\d{17})"/.exec(textsOf(rest).toString('latin1'))?.[1];
  if (timestamp !== undefined) pushed.set(fd, timestamp);
}

/** All texts of a call, one after the other. */
function textsOf(rest: string): Buffer {
  const texts = [...rest.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map((match) => (match[1] as string).replaceAll('\\x', ''));
  return Buffer.from(texts.join(''), 'hex');
}
