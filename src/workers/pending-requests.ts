// Matches the owner's answers to the requests of a worker, by id.

export interface PendingRequests<Answer> {
  /** Sends a request with a new id; settles with its answer. */
  request(send: (id: number) => void): Promise<Answer>;
  resolve(id: number, answer: Answer): void;
  reject(id: number, error: Error): void;
  rejectAll(errorOf: () => Error): void;
}

interface Pending<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Answers to unknown ids are ignored: the request may have timed out. */
export function pendingRequests<Answer>(): PendingRequests<Answer> {
  const pending = new Map<number, Pending<Answer>>();
  let lastId = 0;
  function remove(id: number): Pending<Answer> | undefined {
    const request = pending.get(id);
    pending.delete(id);
    return request;
  }
  return {
    request(send) {
      const id = (lastId += 1);
      send(id);
      return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
    },
    resolve: (id, answer) => remove(id)?.resolve(answer),
    reject: (id, error) => remove(id)?.reject(error),
    rejectAll(errorOf) {
      for (const id of pending.keys()) remove(id)?.reject(errorOf());
    },
  };
}
