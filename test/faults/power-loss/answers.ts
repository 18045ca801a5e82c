// Which pushes were answered 200, seen from outside: what is read from a connection, and what is written to it.

export interface Answers {
  received(connection: number, bytes: Buffer): void;
  /** The timestamps of the pushes that are answered 200 by this. */
  sent(connection: number, bytes: Buffer): string[];
  closed(connection: number): void;
}

/** Enough for a timestamp that came in two parts. */
const carriedBytes = 64;

/** The answers on a connection come in the order of the pushes. */
export function answers(): Answers {
  const waiting = new Map<number, string[]>();
  const carried = new Map<number, string>();
  return {
    received(connection, bytes) {
      const text = (carried.get(connection) ?? '') + bytes.toString('latin1');
      const found = [...text.matchAll(/"Timestamp":"(\d{17})"/g)];
      if (found.length > 0)
        waiting.set(connection, [...(waiting.get(connection) ?? []), ...found.map((match) => match[1] as string)]);
      const last = found.at(-1);
      carried.set(
        connection,
        text.slice(
          last === undefined ? -carriedBytes : Math.max(last.index + last[0].length, text.length - carriedBytes),
        ),
      );
    },
    sent(connection, bytes) {
      const pushes = waiting.get(connection);
      if (pushes === undefined) return [];
      const statuses = [...bytes.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1]);
      return statuses.flatMap((status) => {
        const timestamp = pushes.shift();
        return status === '200' && timestamp !== undefined ? [timestamp] : [];
      });
    },
    closed(connection) {
      waiting.delete(connection);
      carried.delete(connection);
    },
  };
}
