// The events of a recorded directory: writes, changes of names, syncs, 200s, and the returns of calls. Calls are in the
// order of their begins.

/** Files are identified by numbers, since their names change. */
export type FileNumber = number;

export type StoreEvent =
  /** `isSynced`: through a descriptor with O_DSYNC. */
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly file: FileNumber;
      readonly offset: number;
      readonly bytes: Buffer;
      readonly isSynced: boolean;
    }
  | { readonly kind: 'truncate'; readonly call: number; readonly file: FileNumber; readonly sizeBytes: number }
  /** Grows the file to at least this size. */
  | { readonly kind: 'allocate'; readonly call: number; readonly file: FileNumber; readonly sizeBytes: number }
  | { readonly kind: 'create'; readonly call: number; readonly name: string; readonly file: FileNumber }
  | { readonly kind: 'rename'; readonly call: number; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly call: number; readonly name: string }
  /** Of a file, or of the directory's names. */
  | { readonly kind: 'sync'; readonly call: number; readonly file: FileNumber | 'directory' }
  /** The return of a call above: 0, a number of bytes, a descriptor, or -1. */
  | { readonly kind: 'returned'; readonly call: number; readonly result: number }
  /** A 200 is sent for the push with this Summary.Timestamp. */
  | { readonly kind: 'answered'; readonly timestamp: string };

export type NameEvent = Extract<StoreEvent, { kind: 'create' | 'rename' | 'unlink' }>;

export function isNameEvent(event: StoreEvent): event is NameEvent {
  return event.kind === 'create' || event.kind === 'rename' || event.kind === 'unlink';
}
