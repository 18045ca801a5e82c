// The measured servers: the bridge with everything on, and servers that do less, as a limit.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificate, privateKey } from '../fakes/certificate.ts';
import { type Contender, contender } from './contender.ts';
import { writeNodes } from './node-file.ts';

const ownRoot = new URL('../../../', import.meta.url).pathname;
const bare = new URL('./bare-server.js', import.meta.url).pathname;
const receiver = new URL('./receiver.js', import.meta.url).pathname;

const token = 'bench-0123456789abcdef';
/** Allows one address to send all pushes. */
const limitsForOneSender = [
  '--max-connections',
  '20000',
  '--max-connections-per-address',
  '20000',
  '--max-requests',
  '40000',
];
/** Two metrics in seven slices. */
const pointsAPush = 14;

/** The points that the receiver has counted. */
export interface Delivered {
  readonly points: number;
  /** By the machine's monotonic clock. */
  readonly lastAtMs: number;
}

/** The receiver of a contender. */
export interface Delivery {
  /** The points of a push. */
  readonly pointsAPush: number;
  delivered(): Promise<Delivered>;
  /** The interval between two `count` requests, which cost CPU time. */
  readonly pollMs: number;
  /** Of the receiver's process. */
  cpuMs(): number;
}

/** A contender with or without a receiver. */
export interface Entrant extends Contender {
  readonly delivery?: Delivery;
}

export interface BridgeContender extends Entrant {
  readonly delivery: Delivery;
  readonly nodeIds: readonly number[];
  readonly stateDir: string;
  received(): Promise<Received>;
  /** Starts a receiver that is down. */
  receiverUp(): Promise<void>;
}

export interface Received extends Delivered {
  /** Of all Carbons. */
  readonly carbonPoints: number;
  readonly firstAtMs: number;
}

export interface BridgeOptions {
  readonly nodes: number;
  /** The parent of its state directory. */
  readonly dir: string;
  /** An existing state directory, which is kept; undefined: a new one. */
  readonly stateDir?: string;
  /** The receiver's delay of each answer. */
  readonly delayMs?: number | undefined;
  /** The receiver is down until `up`. */
  readonly isReceiverDown?: boolean;
  readonly isTls?: boolean;
  readonly workers?: number;
  /** The number of Carbons beside OpenTSDB. */
  readonly carbons?: number;
  /** A Docker Engine, and the interval of its polls, such as 30s. */
  readonly docker?: { readonly url: string; readonly poll: string } | undefined;
  /** A built checkout of another version. */
  readonly root?: string | undefined;
  /** A directory for CPU profiles. */
  readonly profileDir?: string | undefined;
}

export async function startReceiver(delayMs = 0, carbons = 0, isDown = false): Promise<Contender> {
  return contender([receiver, String(delayMs), String(carbons), isDown ? 'down' : 'up'], ({ url }) => url);
}

/** Starts the bridge with a receiver of its own. */
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

/** The options of a careful installation: a token, the check of senders, and verdicts on each point. */
function bridgeArguments(
  { isTls = false, workers = 0, carbons = 0, docker }: BridgeOptions,
  stateDir: string,
  nodesFile: string,
  tsd: Contender,
): string[] {
  const listeners = ['-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
  const files = ['--nodes-file', nodesFile, '--state-dir', stateDir, '--spool-max-bytes', '64GiB'];
  const access = ['--push-token', token, '--check-sender', 'report', '--log-format', 'json', ...limitsForOneSender];
  return [
    ...listeners,
    ...files,
    ...access,
    '-t',
    tsd.url,
    ...(isTls ? certificateFiles(stateDir) : []),
    ...(workers === 0 ? [] : ['--workers', String(workers)]),
    ...(docker === undefined ? [] : ['--docker', docker.url, '--docker-poll', docker.poll]),
    ...(carbons === 0 ? [] : ['--graphite', (tsd.ready['carbons'] as string[]).join(',')]),
  ];
}

function certificateFiles(directory: string): string[] {
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  writeFileSync(cert, certificate);
  writeFileSync(key, privateKey);
  return ['--tls-cert', cert, '--tls-key', key];
}

/** Starts a server of bare-server.ts. */
export async function startBare(kind: 'http' | 'synced' | 'koa', dir: string): Promise<Entrant> {
  return contender([bare, kind, 'plain', dir], ({ url }) => url);
}
