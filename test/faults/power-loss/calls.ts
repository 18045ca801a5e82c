// Parses the output of strace: the begin and the return of each system call. Overlapping calls of several threads are
// printed in two parts: `7 fsync(3 <unfinished ...>` and `7 <... fsync resumed>) = 0`.

export interface Call {
  readonly number: number;
  readonly name: string;
  /** The text after the opening bracket; at the begin, without results. */
  readonly text: string;
  /** Undefined at the begin; NaN if the call never returns. */
  readonly result: number | undefined;
}

const unfinished = ' <unfinished ...>';
const detached = ' <detached ...>';

/** Yields each call twice: at its begin and at its return. */
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
    // It began before the recording.
    if (begun === undefined || rest.endsWith(unfinished)) continue;
    pending.delete(thread);
    const result = /^-?\w+/.exec(rest.slice(rest.lastIndexOf(' = ') + 3))?.[0];
    yield { ...begun, text: isResumed === undefined ? rest : begun.text + rest, result: Number(result ?? NaN) };
  }
}

/** Returns all strings of a call, concatenated. Throws if strace has truncated one. */
export function bytesOf(text: string): Buffer {
  if (text.includes('"...')) throw new Error(`strace has cut what it printed: ${text.slice(0, 40)}`);
  return Buffer.concat(quoted(text));
}

/** Returns the strings of a call, such as its paths. */
export function textsOf(text: string): string[] {
  return quoted(text).map(String);
}

/** Returns the quoted strings, which strace prints in hexadecimal. */
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

/** Returns the text after the last string, such as `, 2, 32768)`. */
export function behindTexts(text: string): string {
  return text.slice(text.lastIndexOf('"') + 1);
}

/** Returns the first argument, if it is a descriptor. */
export function descriptorOf(text: string): number {
  return Number(/^\d+/.exec(text)?.[0]);
}
