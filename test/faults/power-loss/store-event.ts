// What a recording says of a directory of files: each write, each change of its names, each sync, and each 200, in the order in
// which the calls began, and where each of them returned.

/** Files have numbers, since their names change. */
export type FileNumber = number;

export type StoreEvent =
  /** `isSynced`: through a descriptor with O_DSYNC, so that it is on disk once it has returned. */
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly file: FileNumber;
      readonly offset: number;
      readonly bytes: Buffer;
      readonly isSynced: boolean;
    }
  | { readonly kind: 'truncate'; readonly call: number; readonly file: FileNumber; readonly sizeBytes: number }
  /** The file is at least so large afterwards. */
  | { readonly kind: 'allocate'; readonly call: number; readonly file: FileNumber; readonly sizeBytes: number }
  | { readonly kind: 'create'; readonly call: number; readonly name: string; readonly file: FileNumber }
  | { readonly kind: 'rename'; readonly call: number; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly call: number; readonly name: string }
  /** Of a file, or of the names in the directory. */
  | { readonly kind: 'sync'; readonly call: number; readonly file: FileNumber | 'directory' }
  /** A call of the above has returned: 0, how many bytes were written, a descriptor, or -1. */
  | { readonly kind: 'returned'; readonly call: number; readonly result: number }
  /** A 200 went out for the push whose body held this Summary.Timestamp. */
  | { readonly kind: 'answered'; readonly timestamp: string };

export type NameEvent = Extract<StoreEvent, { kind: 'create' | 'rename' | 'unlink' }>;

export function isNameEvent(event: StoreEvent): event is NameEvent {
  return event.kind === 'create' || event.kind === 'rename' || event.kind === 'unlink';
}
