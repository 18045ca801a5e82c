// What strace prints, read: each system call where it begins and where it returns. Calls of several threads overlap, and are
// then printed in two parts: `7 fsync(3 <unfinished ...>` and `7 <... fsync resumed>) = 0`.

export interface Call {
  readonly number: number;
  readonly name: string;
  /** The text behind the opening bracket; where it begins, without what only the return tells. */
  readonly text: string;
  /** Undefined where it begins; NaN where it will never return. */
  readonly result: number | undefined;
}

const unfinished = ' <unfinished ...>';
const detached = ' <detached ...>';

/** Yields each call twice: as it begins, and as it returns. */
export function* callsOf(lines: Iterable<string>): Generator<Call> {
  const pending = new Map<string, { readonly number: number; readonly name: string; readonly text: string }>();
  let number = 0;
  for (const line of lines) {
    const [head, thread = '', isResumed, name = ''] = /^(\d+)\s+(<\.\.\. )?(\w+)( resumed>|\()/.exec(line) ?? [];
    if (head === undefined) continue;
    const rest = line.slice(head.length);
    let begun = pending.get(thread);
    if (isResumed === undefined) {
      number += 1;
      const isOpen = rest.endsWith(unfinished) || rest.endsWith(detached);
      begun = { number, name, text: isOpen ? rest.slice(0, rest.lastIndexOf(' <')) : rest };
      yield { ...begun, result: undefined };
      if (isOpen) pending.set(thread, begun);
      if (isOpen) continue;
    }
    // It was under way when the recording began.
    if (begun === undefined || rest.endsWith(unfinished)) continue;
    pending.delete(thread);
    const result = /^-?\w+/.exec(rest.slice(rest.lastIndexOf(' = ') + 3))?.[0];
    yield { ...begun, text: isResumed === undefined ? rest : begun.text + rest, result: Number(result ?? NaN) };
  }
}

/** All texts of a call, one after the other. Throws where strace has cut one. */
export function bytesOf(text: string): Buffer {
  if (text.includes('"...')) throw new Error(`strace has cut what it printed: ${text.slice(0, 40)}`);
  return Buffer.concat(quoted(text));
}

/** The texts of a call, each for itself: its paths. */
export function textsOf(text: string): string[] {
  return quoted(text).map(String);
}

/** Everything in quotes, which strace has printed in hexadecimal. */
function quoted(text: string): Buffer[] {
  const found: Buffer[] = [];
  for (let from = text.indexOf('"'); from >= 0;) {
    const to = text.indexOf('"', from + 1);
    if (to < 0) break;
    found.push(Buffer.from(text.slice(from + 1, to).replaceAll('\\x', ''), 'hex'));
    from = text.indexOf('"', to + 1);
  }
  return found;
}

/** What stands behind the last text, such as `, 2, 32768)`. */
export function behindTexts(text: string): string {
  return text.slice(text.lastIndexOf('"') + 1);
}

/** The first argument, where it is a descriptor. */
export function descriptorOf(text: string): number {
  return Number(/^\d+/.exec(text)?.[0]);
}
