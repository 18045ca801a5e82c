// Finds the pushes that were answered 200, from the bytes read from and written to connections.

export interface Answers {
  received(connection: number, bytes: Buffer): void;
  /** Returns the timestamps of the pushes that these bytes answer with 200. */
  sent(connection: number, bytes: Buffer): string[];
  closed(connection: number): void;
}

/** A timestamp may arrive in two parts. */
const carriedBytes = 64;

/** Answers come in the order of the pushes. */
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
