// Finds files that are renamed before they are synced.

import test from 'ava';
import type { StoreEvent } from './store-event.ts';
import { namedUnsynced } from './unsynced-names.ts';

const create: StoreEvent = { kind: 'create', call: 1, name: 'checkpoint.new', file: 7 };
const written = (isSynced: boolean): StoreEvent => ({
  kind: 'write',
  call: 2,
  file: 7,
  offset: 0,
  bytes: Buffer.from('x'),
  isSynced,
});
const sync: StoreEvent = { kind: 'sync', call: 3, file: 7 };
const rename: StoreEvent = { kind: 'rename', call: 4, from: 'checkpoint.new', to: 'checkpoint' };

test('a checkpoint that is synced before its rename is correct', (t) => {
  t.deepEqual(namedUnsynced([create, written(false), sync, rename]), []);
  t.deepEqual(namedUnsynced([create, written(true), rename]), []);
});

test('a checkpoint that is renamed before it is synced is detected', (t) => {
  const fault = ['checkpoint.new is renamed to checkpoint before it is synced'];
  t.deepEqual(namedUnsynced([create, written(false), rename, sync]), fault);
  t.deepEqual(namedUnsynced([create, sync, written(false), rename]), fault);
  t.deepEqual(namedUnsynced([create, written(false), { kind: 'sync', call: 3, file: 'directory' }, rename]), fault);
});

test('files of other names are not checked', (t) => {
  t.deepEqual(namedUnsynced([create, written(false), { ...rename, to: 'notes' }]), []);
});
