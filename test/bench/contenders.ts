// Who is measured: the bridge as shipped with everything on, and the servers that show where its limit is.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
const roomForOneSender = ['--max-connections', '20000', '--max-connections-per-address', '20000', '--max-requests', '40000'];

export interface BridgeContender extends Contender {
  readonly nodeIds: readonly number[];
  /** What the receiver has counted. */
  received(): Promise<Received>;
}

/** By the receiver's clock, ms. */
export interface Received {
  readonly points: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

export interface BridgeOptions {
  readonly nodes: number;
  /** How long the receiver takes over each answer. */
  readonly delayMs?: number | undefined;
  readonly isTls?: boolean;
  /** Processes that take requests for it. */
  readonly workers?: number;
  /** Carbons beside the OpenTSDB. */
  readonly carbons?: number;
  /** Given the state directory, before the bridge starts. */
  readonly prepare?: ((stateDir: string) => Promise<void>) | undefined;
  /** Another checkout, built, to be measured beside this one. */
  readonly root?: string;
  /** A directory for a CPU profile, which is written at the end. */
  readonly profileDir?: string | undefined;
}

/** The bridge as shipped, over a receiver of its own. */
export async function startBridge({ nodes, delayMs = 0, isTls = false, workers = 0, carbons = 0, prepare, root = ownRoot, profileDir }: BridgeOptions): Promise<BridgeContender> {
  const stateDir = mkdtempSync(join(tmpdir(), 'bridge-bench-'));
  const { path, ids } = writeNodes(stateDir, nodes);
  await prepare?.(stateDir);
  const tsd = await contender([receiver, String(delayMs), String(carbons)], ({ url }) => url);
  const bridge = await contender(
    [
      ...(profileDir === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDir]),
      ...[join(root, 'build/src/main.js'), '-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '-t', tsd.url, '--nodes-file', path],
      ...['--state-dir', stateDir, '--spool-max-bytes', '64GiB', '--log-format', 'json', '--push-token', token, ...roomForOneSender],
      ...(isTls ? certificateFiles(stateDir) : []),
      ...(workers === 0 ? [] : ['--workers', String(workers)]),
      ...(carbons === 0 ? [] : ['--graphite', (tsd.ready['carbons'] as string[]).join(',')]),
    ],
    ({ push }) => push,
  );
  return {
    ...bridge,
    url: `${bridge.url}/catchpoint/${token}`,
    nodeIds: ids,
    received: async () => (await (await fetch(`${tsd.url}/count`)).json()) as Received,
    async stop() {
      await bridge.stop(profileDir === undefined ? 'SIGKILL' : 'SIGTERM');
      await tsd.stop();
      rmSync(stateDir, { recursive: true });
    },
  };
}

function certificateFiles(directory: string): string[] {
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  writeFileSync(cert, certificate);
  writeFileSync(key, privateKey);
  return ['--tls-cert', cert, '--tls-key', key];
}

/** One of the servers that do less. */
export async function startBare(kind: 'http' | 'synced' | 'koa', isTls: boolean): Promise<Contender> {
  return contender([bare, kind, isTls ? 'tls' : 'plain'], ({ url }) => url);
}
