// The page docs/performance.md: the table of a run, its machine and its command. No figure is written by hand.

import { type Row, tableOf } from './row.ts';

export interface Circumstances {
  readonly machine: string;
  readonly node: string;
  readonly date: string;
  readonly command: string;
  readonly minutes: number;
  /** The fraction of the CPU time that other processes took. If it is large, only large differences matter. */
  readonly othersShare: number;
}

export function circumstanceWords({ machine, node, date, command, minutes, othersShare }: Circumstances): string {
  return `${date}; ${machine}; Node ${node}; \`${command}\`, ${minutes.toFixed(1)} minutes, in which others took ${(othersShare * 100).toFixed(0)} % of the machine's CPU time.`;
}

export function pageOf(rows: readonly Row[], circumstances: Circumstances): string {
  return `# Performance

${circumstanceWords(circumstances)}

This page is written by \`npm run bench -- --write\`, whole.

${tableOf(rows)}

## How it is measured

- The load, the bridge, the servers it is compared with and the receiver share the machine. All entrants take their turns in each round;
  a ratio is the median of the rounds' ratios, the least and the largest in brackets; a slow machine plays fewer. A single figure is the median of the rounds.
- The bridge runs as shipped with a push token, the limits, the sender check (\`report\`), the cardinality guard, the status feed, its metrics
  and the check for repeated runs on. It delivers to one OpenTSDB by \`/api/put?sync&details\`, which counts the points and has a verdict on each.
- "Synced" is bare \`node:http\` that parses each body and writes and syncs it in groups before it answers (\`test/bench/bare-server.ts\`).
- Pushes a second are those answered 200 while the load lasted. CPU is user and system time of the whole process (\`/proc/PID/stat\`), and its
  clock stops when the receiver has every point; a run fails if one is missing.
- vmagent gets 15 ready points a request by \`/api/put\`, and its points are counted when they are written to its receiver.
- Bytes written are those of the disk below the state directory, less what it writes in an idle second right before.
- Memory is VmRSS less RssFile. A push is a body of 350 bytes and becomes 14 points.
`;
}
