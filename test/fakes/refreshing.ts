// A node refresher whose listing a test answers.

import type { ExecutionContext } from 'ava';
import { silentLog } from '../../src/runtime/log.ts';
import { directoryFile } from '../../src/sources/catchpoint/nodes/directory-file.ts';
import { type Node, nodeDirectory } from '../../src/sources/catchpoint/nodes/node.ts';
import type { Listing, NodeListing } from '../../src/sources/catchpoint/nodes/listing.ts';
import { type NodeRefresherOptions, nodeRefresher } from '../../src/sources/catchpoint/nodes/refresh.ts';
import { temporaryDirectory } from './directory.ts';
import { movableClock } from './time.ts';

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
/** Makes nodes with the ids 1 … `count`. */
export const nodes = (count: number, more: Partial<Node> = {}): Node[] =>
  Array.from({ length: count }, (_, index) => ({ id: index + 1, active: true, ...more }));
export const listing = (listed: readonly Node[], more: Partial<Listing> = {}): Listing => ({
  nodes: listed,
  skipped: 0,
  notes: [],
  trusted: false,
  ...more,
});
export const never = (): AbortSignal => new AbortController().signal;

export async function triedRefresh(t: ExecutionContext, options: Partial<NodeRefresherOptions> = {}) {
  const clock = movableClock();
  const stateDir = await temporaryDirectory(t);
  const file = directoryFile({ stateDir, log: silentLog() });
  const listedAtMs: number[] = [];
  let answer: () => Listing | Promise<Listing> = () => listing(nodes(100));
  const list: NodeListing = async (signal) => {
    listedAtMs.push(clock.now());
    const answered = await answer();
    signal.throwIfAborted();
    return answered;
  };
  function start() {
    const directory = nodeDirectory();
    const sizes: number[] = [];
    const onRefreshed = (): void => void sizes.push(directory.all().length);
    const refresher = nodeRefresher({
      directory,
      list,
      file,
      clock,
      random: () => 0.5,
      log: silentLog(),
      everyHours: 24,
      onRefreshed,
      ...options,
    });
    const stop = new AbortController();
    const running = (): Promise<void> => {
      const run = refresher.run(stop.signal);
      t.teardown(() => (stop.abort(new Error('stopped')), run));
      return run;
    };
    return { directory, refresher, running, sizes, stop };
  }
  return { clock, file, stateDir, start, listedAtMs, answerWith: (how: typeof answer) => void (answer = how) };
}
