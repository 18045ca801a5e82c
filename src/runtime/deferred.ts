// A promise that somebody else settles.

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** A rejection that nobody waits for is none. */
export function deferred<T>(): Deferred<T> {
  let [resolve, reject]: [(value: T) => void, (error: Error) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((resolved, rejected) => ([resolve, reject] = [resolved, rejected]));
  promise.catch(() => {});
  return { promise, resolve, reject };
}
