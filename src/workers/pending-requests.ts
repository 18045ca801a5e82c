// What a worker has asked its owner and has no answer to yet.

export interface PendingRequests<Answer> {
  /** Asks by way of `send`, which is given the question's id; resolves with the answer, rejects with the refusal. */
  ask(send: (id: number) => void): Promise<Answer>;
  answer(id: number, answer: Answer): void;
  refuse(id: number, error: Error): void;
  /** Nobody answers any more. */
  refuseAll(errorOf: () => Error): void;
  count(): number;
}

interface Asked<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export function pendingRequests<Answer>(): PendingRequests<Answer> {
  const open = new Map<number, Asked<Answer>>();
  let lastId = 0;
  function closed(id: number): Asked<Answer> | undefined {
    const asked = open.get(id);
    open.delete(id);
    return asked;
  }
  return {
    ask(send) {
      const id = (lastId += 1);
      send(id);
      return new Promise((resolve, reject) => open.set(id, { resolve, reject }));
    },
    answer: (id, answer) => closed(id)?.resolve(answer),
    refuse: (id, error) => closed(id)?.reject(error),
    refuseAll(errorOf) {
      for (const id of [...open.keys()]) closed(id)?.reject(errorOf());
    },
    count: () => open.size,
  };
}
