// A reusable buffer for ASCII text. A string that grows over a whole batch would create many small, long-lived objects.

interface AsciiBuffer {
  /** In bytes. */
  length(): number;
  addByte(byte: number): void;
  addText(text: string): void;
  /** Returns the whole text as a view, valid until the next change. */
  bytes(): Buffer;
  clear(): void;
}

const initialBytes = 65_536;

export function asciiBuffer(): AsciiBuffer {
  let memory = Buffer.allocUnsafeSlow(initialBytes);
  let used = 0;

  function ensureCapacity(moreBytes: number): void {
    if (used + moreBytes <= memory.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (used + moreBytes));
    memory.copy(larger, 0, 0, used);
    memory = larger;
  }

  return {
    length: () => used,
    addByte(byte) {
      ensureCapacity(1);
      memory[used] = byte;
      used += 1;
    },
    addText(text) {
      ensureCapacity(text.length);
      used += memory.write(text, used, text.length, 'latin1');
    },
    bytes: () => memory.subarray(0, used),
    clear: () => void (used = 0),
  };
}
