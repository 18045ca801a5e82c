// Who is measured: the bridge as shipped with everything on, and the servers that show where its limit is.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificate, privateKey } from '../fakes/certificate.ts';
import { type Contender, contender } from './contender.ts';
import { writeNodes } from './node-file.ts';

const ownRoot = new URL('../../../', import.meta.url).pathname;
const bare = new URL('./bare-server.js', import.meta.url).pathname;
const receiver = new URL('./receiver.js', import.meta.url).pathname;

/** Without it no push is taken. */
const token = 'bench-0123456789abcdef';
/** One address sends everything here, as one agent never does. */
const roomForOneSender = [
  '--max-connections',
  '20000',
  '--max-connections-per-address',
  '20000',
  '--max-requests',
  '40000',
];
/** Two metrics in seven slices. */
const pointsAPush = 14;

/** What has come to its end out of a contender's pushes. */
export interface Delivered {
  readonly points: number;
  /** By the clock of the machine, ms. */
  readonly lastAtMs: number;
}

/** Where the points of a contender go. */
export interface Delivery {
  /** What each push comes to there. */
  readonly pointsAPush: number;
  delivered(): Promise<Delivered>;
  /** Between two such questions, which cost something. */
  readonly pollMs: number;
  /** CPU time of the receiver's process. */
  cpuMs(): number;
}

/** A contender that delivers, or one that only answers. */
export interface Entrant extends Contender {
  readonly delivery?: Delivery;
}

export interface BridgeContender extends Entrant {
  readonly delivery: Delivery;
  readonly nodeIds: readonly number[];
  readonly stateDir: string;
  /** What the receiver has counted. */
  received(): Promise<Received>;
  /** Lets a receiver answer that was down. */
  receiverUp(): Promise<void>;
}

export interface Received extends Delivered {
  /** Of all Carbons together. */
  readonly carbonPoints: number;
  readonly firstAtMs: number;
}

export interface BridgeOptions {
  readonly nodes: number;
  /** The directory below which its state is. */
  readonly dir: string;
  /** One with a state in it, which stays; undefined: a new one. */
  readonly stateDir?: string;
  /** How long the receiver takes over each answer. */
  readonly delayMs?: number | undefined;
  /** Whether the receiver does not answer at first. */
  readonly isReceiverDown?: boolean;
  readonly isTls?: boolean;
  /** Processes that take requests for it. */
  readonly workers?: number;
  /** Carbons beside the OpenTSDB. */
  readonly carbons?: number;
  /** Another checkout, built, to be measured beside this one. */
  readonly root?: string | undefined;
  /** A directory for a CPU profile, which is written at the end. */
  readonly profileDir?: string | undefined;
}

export async function startReceiver(delayMs = 0, carbons = 0, isDown = false): Promise<Contender> {
  return contender([receiver, String(delayMs), String(carbons), isDown ? 'down' : 'up'], ({ url }) => url);
}

/** The bridge as shipped, over a receiver of its own. */
export async function startBridge(options: BridgeOptions): Promise<BridgeContender> {
  const { carbons = 0, root = ownRoot, profileDir } = options;
  const stateDir = options.stateDir ?? mkdtempSync(join(options.dir, 'bridge-bench-'));
  const { path, ids } = writeNodes(stateDir, options.nodes);
  const tsd = await startReceiver(options.delayMs, carbons, options.isReceiverDown);
  const profiling = profileDir === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDir];
  const bridge = await contender(
    [...profiling, join(root, 'build/src/main.js'), ...bridgeArguments(options, stateDir, path, tsd)],
    ({ push }) => push,
  );
  const received = async (): Promise<Received> => (await (await fetch(`${tsd.url}/count`)).json()) as Received;
  return {
    ...bridge,
    url: `${bridge.url}/catchpoint/${token}`,
    nodeIds: ids,
    stateDir,
    received,
    receiverUp: async () => void (await fetch(`${tsd.url}/up`, { method: 'POST' })),
    delivery: {
      pointsAPush: pointsAPush * (1 + carbons),
      cpuMs: tsd.cpuMs,
      pollMs: 20,
      async delivered() {
        const { points, carbonPoints, lastAtMs } = await received();
        return { points: points + carbonPoints, lastAtMs };
      },
    },
    async stop() {
      await bridge.stop(profileDir === undefined ? 'SIGKILL' : 'SIGTERM');
      await tsd.stop();
      if (options.stateDir === undefined) rmSync(stateDir, { recursive: true });
    },
  };
}

/** Everything that a careful installation has on: a token, the check of senders, verdicts on each point; what else there is is on by itself. */
function bridgeArguments(
  { isTls = false, workers = 0, carbons = 0 }: BridgeOptions,
  stateDir: string,
  nodesFile: string,
  tsd: Contender,
): string[] {
  return [
    ...[
      '-l',
      '127.0.0.1:0',
      '--admin-listen',
      '127.0.0.1:0',
      '-t',
      tsd.url,
      '--nodes-file',
      nodesFile,
      '--state-dir',
      stateDir,
    ],
    ...[
      '--spool-max-bytes',
      '64GiB',
      '--log-format',
      'json',
      '--push-token',
      token,
      '--check-sender',
      'report',
      ...roomForOneSender,
    ],
    ...(isTls ? certificateFiles(stateDir) : []),
    ...(workers === 0 ? [] : ['--workers', String(workers)]),
    ...(carbons === 0 ? [] : ['--graphite', (tsd.ready['carbons'] as string[]).join(',')]),
  ];
}

function certificateFiles(directory: string): string[] {
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  writeFileSync(cert, certificate);
  writeFileSync(key, privateKey);
  return ['--tls-cert', cert, '--tls-key', key];
}

/** One of the servers that do less. */
export async function startBare(kind: 'http' | 'synced' | 'koa', dir: string): Promise<Entrant> {
  return contender([bare, kind, 'plain', dir], ({ url }) => url);
}
