// Converts the system calls of a bridge to events of its spool's directory. Calls on connections show the answers;
// calls on other files are ignored.

import { answers, type Answers } from './answers.ts';
import { behindTexts, bytesOf, type Call, callsOf, descriptorOf, textsOf } from './calls.ts';
import { type Files, nameIn } from './descriptors.ts';
import type { FileNumber, StoreEvent } from './store-event.ts';

/** The calls that change a file, a name or a connection; `?` marks those that some machines lack. */
export const recordedCalls = [
  '?open',
  'openat',
  '?creat',
  'close',
  'dup',
  '?dup2',
  'dup3',
  'lseek',
  'read',
  '?rename',
  '?renameat',
  'renameat2',
  '?unlink',
  'unlinkat',
  '?link',
  'linkat',
  'write',
  'writev',
  'pwrite64',
  'pwritev',
  'pwritev2',
  'ftruncate',
  'truncate',
  'fallocate',
  'fdatasync',
  'fsync',
  'sync_file_range',
  'copy_file_range',
  'mmap',
];

interface Reading {
  readonly files: Files;
  readonly answers: Answers;
  readonly events: StoreEvent[];
  /** Calls that are events and whose returns are events. */
  readonly recorded: Set<number>;
  /** Files in creation, by their call. */
  readonly made: Map<number, FileNumber>;
  nextFile: FileNumber;
}

/** @param files - at the begin of the recording; updated by the calls */
export function eventsOf(lines: Iterable<string>, files: Files): StoreEvent[] {
  const used = [
    ...files.names.values(),
    ...[...files.descriptors.values()].map(({ file }) => (file === 'directory' ? 0 : file)),
  ];
  const reading: Reading = {
    files,
    answers: answers(),
    events: [],
    recorded: new Set(),
    made: new Map(),
    nextFile: 1 + Math.max(0, ...used),
  };
  for (const call of callsOf(lines)) {
    if (call.result === undefined) began(reading, call);
    else if (!Number.isNaN(call.result)) returned(reading, call, call.result);
  }
  return reading.events;
}

function tell({ events, recorded }: Reading, event: StoreEvent & { readonly call: number }): void {
  events.push(event);
  recorded.add(event.call);
}

function began(reading: Reading, call: Call): void {
  const { files, answers, events } = reading;
  const { number, name, text } = call;
  if (/^(open|creat)/.test(name)) return opening(reading, call);
  if (/^(rename|unlink|link|truncate)/.test(name)) return renaming(reading, call);
  if (name === 'mmap' || name === 'copy_file_range') return mapping(files, call);
  const fd = descriptorOf(text);
  const file = files.descriptors.get(fd)?.file;
  if (name === 'close') {
    files.descriptors.delete(fd);
    answers.closed(fd);
  } else if (/write/.test(name)) {
    if (file !== undefined && file !== 'directory') writing(reading, call, fd, file);
    else
      for (const timestamp of /^writev?$/.test(name) ? answers.sent(fd, bytesOf(text)) : [])
        events.push({ kind: 'answered', timestamp });
  } else if (file !== undefined && (name === 'fsync' || name === 'fdatasync')) {
    tell(reading, { kind: 'sync', call: number, file });
  } else if (file !== undefined && file !== 'directory') {
    sizing(reading, call, file);
  }
}

function sizing(reading: Reading, { number, name, text }: Call, file: FileNumber): void {
  const [, ...sizes] = text.split(/[,)]/).map((each) => Number(each));
  if (name === 'ftruncate') tell(reading, { kind: 'truncate', call: number, file, sizeBytes: sizes[0] as number });
  if (name !== 'fallocate') return;
  if (!/^\d+, 0,/.test(text)) throw new Error(`not recorded: fallocate(${text}`);
  tell(reading, { kind: 'allocate', call: number, file, sizeBytes: (sizes[1] as number) + (sizes[2] as number) });
}

/** Throws for ways of writing that are not recorded. */
function mapping(files: Files, { name, text }: Call): void {
  const fd = Number((name === 'mmap' ? /MAP_SHARED\w*(?:\|\w+)*, (\d+),/ : /^\d+, [^,]+, (\d+),/).exec(text)?.[1]);
  if (files.descriptors.has(fd) && (name !== 'mmap' || text.includes('PROT_WRITE')))
    throw new Error(`not recorded: ${name}(${text}`);
}

function writing(reading: Reading, { number, name, text }: Call, fd: number, file: FileNumber): void {
  const { files } = reading;
  const descriptor = files.descriptors.get(fd);
  if (descriptor === undefined) return;
  const bytes = bytesOf(text);
  const sizeBytes = files.sizes.get(file) ?? 0;
  const isPlaced = name.startsWith('p');
  const offset = isPlaced
    ? Number(/, \d+, (\d+)/.exec(behindTexts(text))?.[1])
    : descriptor.isAppending
      ? sizeBytes
      : descriptor.place;
  if (Number.isNaN(offset)) throw new Error(`where does it write? ${name} … ${behindTexts(text)}`);
  if (!isPlaced) descriptor.place = offset + bytes.length;
  files.sizes.set(file, Math.max(sizeBytes, offset + bytes.length));
  tell(reading, {
    kind: 'write',
    call: number,
    file,
    offset,
    bytes,
    isSynced: descriptor.isSynced || text.includes('RWF_DSYNC') || text.includes('RWF_SYNC'),
  });
}

function opening(reading: Reading, { number, name, text }: Call): void {
  const { files, made } = reading;
  const entry = nameIn(files.directories, textsOf(text)[0] ?? '');
  if (entry !== undefined && text.includes('O_TMPFILE')) throw new Error(`not recorded: ${name}(${text}`);
  if (entry === undefined || entry === '') return;
  const file = files.names.get(entry);
  if (file === undefined && (name === 'creat' || text.includes('O_CREAT'))) {
    made.set(number, reading.nextFile);
    tell(reading, { kind: 'create', call: number, name: entry, file: reading.nextFile });
    reading.nextFile += 1;
  } else if (file !== undefined && (name === 'creat' || text.includes('O_TRUNC'))) {
    tell(reading, { kind: 'truncate', call: number, file, sizeBytes: 0 });
  }
}

function renaming(reading: Reading, { number, name, text }: Call): void {
  const { files } = reading;
  const [from, to] = textsOf(text).map((path) => nameIn(files.directories, path));
  if (from === undefined && to === undefined) return;
  if (name.startsWith('unlink') && from !== undefined)
    return tell(reading, { kind: 'unlink', call: number, name: from });
  if (name.startsWith('rename') && !/RENAME_EXCHANGE/.test(text) && from !== undefined && to !== undefined)
    return tell(reading, { kind: 'rename', call: number, from, to });
  throw new Error(`not recorded: ${name}(${textsOf(text).join(' → ')}`);
}

function returned(reading: Reading, call: Call, result: number): void {
  const { files, answers, events, recorded } = reading;
  const { number, name, text } = call;
  const descriptor = files.descriptors.get(descriptorOf(text));
  if (recorded.has(number)) events.push({ kind: 'returned', call: number, result });
  if (result < 0) return;
  if (/^(open|creat)/.test(name)) opened(reading, call, result);
  else if (name === 'read' && descriptor === undefined) answers.received(descriptorOf(text), bytesOf(text));
  else if (name === 'read' && descriptor !== undefined) descriptor.place += result;
  else if (name === 'lseek' && descriptor !== undefined) descriptor.place = result;
  else if (name === 'ftruncate' && descriptor !== undefined && descriptor.file !== 'directory')
    files.sizes.set(descriptor.file, Number(text.split(/[,)]/)[1]));
  else if (name.startsWith('dup') && descriptor !== undefined) files.descriptors.set(result, descriptor);
  else if (/^(rename|unlink)/.test(name)) renamed(files, call);
}

function opened({ files, made }: Reading, { number, name, text }: Call, fd: number): void {
  files.descriptors.delete(fd);
  const entry = nameIn(files.directories, textsOf(text)[0] ?? '');
  if (entry === undefined) return;
  const file = entry === '' ? 'directory' : (made.get(number) ?? files.names.get(entry));
  if (file === undefined) throw new Error(`opened, and not known: ${entry}`);
  if (file !== 'directory') files.names.set(entry, file);
  if (file !== 'directory' && (name === 'creat' || text.includes('O_TRUNC') || made.has(number)))
    files.sizes.set(file, 0);
  files.descriptors.set(fd, {
    file,
    isSynced: /O_D?SYNC/.test(text),
    isAppending: text.includes('O_APPEND'),
    place: 0,
  });
}

function renamed(files: Files, { name, text }: Call): void {
  const [from, to] = textsOf(text).map((path) => nameIn(files.directories, path));
  const file = from === undefined ? undefined : files.names.get(from);
  if (from !== undefined) files.names.delete(from);
  if (name.startsWith('rename') && to !== undefined && file !== undefined) files.names.set(to, file);
}
