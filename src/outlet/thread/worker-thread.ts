// Adapts a Node worker thread to `OutletThread`.

import type { Worker } from 'node:worker_threads';
import type { OutletThread } from './messages.ts';

export function outletThreadOf(worker: Worker): OutletThread {
  const ended = new Promise<Error>((resolve) => {
    worker.once('error', resolve);
    worker.once('exit', (code) => resolve(new Error(`exit code ${code}`)));
  });
  return {
    send: (message) => worker.postMessage(message),
    onMessage: (listener) => void worker.on('message', listener),
    ended,
    end: async () => void (await worker.terminate()),
  };
}
