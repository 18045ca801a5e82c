// ASCII text that is put together piece by piece, in memory that is used again: a string that grows over a whole batch is many small
// objects that live long.

export interface AsciiBuffer {
  /** In bytes. */
  length(): number;
  addByte(byte: number): void;
  addText(text: string): void;
  /** All of it; valid until the next change. */
  bytes(): Buffer;
  clear(): void;
}

const firstBytes = 65_536;

export function asciiBuffer(): AsciiBuffer {
  let memory = Buffer.allocUnsafeSlow(firstBytes);
  let used = 0;

  function makeRoom(moreBytes: number): void {
    if (used + moreBytes <= memory.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (used + moreBytes));
    memory.copy(larger, 0, 0, used);
    memory = larger;
  }

  return {
    length: () => used,
    addByte(byte) {
      makeRoom(1);
      memory[used] = byte;
      used += 1;
    },
    addText(text) {
      makeRoom(text.length);
      used += memory.write(text, used, text.length, 'latin1');
    },
    bytes: () => memory.subarray(0, used),
    clear: () => void (used = 0),
  };
}
