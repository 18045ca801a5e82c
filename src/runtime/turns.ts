// Lets short pieces of work alternate with everything else in the process.

/** Each call resolves in an iteration of the event loop of its own, in the order of the calls. */
export function turns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  function next(): void {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(next);
  }
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(next);
    });
}
