// Matches the owner's answers to the requests of a worker, by id.

export type PendingRequests<Answer> = ReturnType<typeof pendingRequests<Answer>>;

interface Pending<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Answers to unknown ids are ignored: the request may have timed out. */
export function pendingRequests<Answer>() {
  const pending = new Map<number, Pending<Answer>>();
  let lastId = 0;
  function remove(id: number): Pending<Answer> | undefined {
    const request = pending.get(id);
    pending.delete(id);
    return request;
  }
  return {
    /** Sends a request with a new id; settles with its answer. */
    request(send: (id: number) => void): Promise<Answer> {
      const id = (lastId += 1);
      send(id);
      return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
    },
    resolve: (id: number, answer: Answer): void => remove(id)?.resolve(answer),
    reject: (id: number, error: Error): void => remove(id)?.reject(error),
    rejectAll(errorOf: () => Error): void {
      for (const id of pending.keys()) remove(id)?.reject(errorOf());
    },
  };
}
