// F22: TLS handshakes for every push, handshakes that never end, certificates that change under load, and an invalid
// one.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { certificate, newCertificate, newPrivateKey, privateKey } from '../../fakes/certificate.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { compared, comparison, disturbed } from '../bystander.ts';
import { crowd } from '../crowd.ts';
import { judge } from '../judge.ts';
import { requireTool } from '../missing-tool.ts';
import type { Form, Scenario } from '../scenario.ts';
import { becomes, openStage, type Stage } from '../stage.ts';

const run = promisify(execFile);
/** New handshakes a second on two cores, shared with generator and receiver. */
const barPerSecond = { short: 5, long: 300 };
/** Made once, since Node reads all its authorities for each context. */
const secureContext = createSecureContext();
/** Concurrent handshakes. */
const clients = 16;

export const handshakes: Scenario = {
  id: 'F22',
  title: 'TLS: handshakes without end, certificates that change',
  async play({ form, seed, closing }) {
    if (form === 'long') requireTool('F22', 'openssl', ['version']);
    const directory = await temporaryDirectory(closing);
    const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
    await writeFile(files.cert, certificate);
    await writeFile(files.key, privateKey);
    const stage = await openStage({ seed, closing, args: ['--tls-cert', files.cert, '--tls-key', files.key] });
    await stage.begin();
    const changed = await compared(stage, form, () => changes(stage, files, form), { rate: 100 });
    const broken = await compared(stage, form, () => breaks(stage, files.cert));
    const silent = await compared(stage, form, () => unended(stage, form));
    const flood = await compared(stage, form, () => (form === 'long' ? shaking(stage, 10) : shakes(stage, 2_000)));
    const faults = [
      ...disturbed('certificates that change', changed.during, changed.barMs),
      ...disturbed('a broken certificate', broken.during, broken.barMs),
      ...disturbed('handshakes that do not end', silent.during, silent.barMs),
      ...disturbed('handshakes without end', flood.during, flood.barMs),
      ...(changed.result.shown === changed.result.wanted
        ? []
        : [`${changed.result.shown} of ${changed.result.wanted} new certificates were shown`]),
      ...(broken.result === 'kept' ? [] : ['a broken certificate was not left aside']),
      ...(flood.result >= barPerSecond[form] ? [] : [`${flood.result} handshakes/s`]),
    ];
    const figures = [
      `${changed.result.wanted} changes of certificate: ${comparison(changed)}`,
      `a broken one left aside: ${comparison(broken)}`,
      `${silent.result} handshakes that do not end: ${comparison(silent)}`,
      `${flood.result} handshakes/s of others: ${comparison(flood)}`,
    ];
    return { verdicts: [await judge(stage)], figures: figures.join('; '), faults };
  },
};

interface Files {
  readonly cert: string;
  readonly key: string;
}

/** Replaces the certificate back and forth; new connections must soon get the other one. */
async function changes(
  stage: Stage,
  { cert, key }: Files,
  form: Form,
): Promise<{ readonly shown: number; readonly wanted: number }> {
  const wanted = form === 'long' ? 20 : 2;
  const pairs = [
    [newCertificate, newPrivateKey],
    [certificate, privateKey],
  ] as const;
  let shown = 0;
  for (let change = 0; change < wanted; change += 1) {
    const before = await fingerprint(stage);
    const [newCert, newKey] = pairs[change % 2] ?? pairs[0];
    await writeFile(cert, newCert);
    await writeFile(key, newKey);
    if (await becomes(async () => (await fingerprint(stage)) !== before, 15_000, 200)) shown += 1;
  }
  return { shown, wanted };
}

/** Writes an invalid certificate file, and restores it; returns whether the previous certificate stays in effect. */
async function breaks(stage: Stage, cert: string): Promise<'kept' | 'lost'> {
  const before = await fingerprint(stage);
  await writeFile(cert, 'broken');
  const isNoticed = await becomes(
    () => stage.bridge.printed().some((line) => line.includes('the certificate cannot be used')),
    15_000,
    100,
  );
  const isKept = (await fingerprint(stage)) === before;
  await writeFile(cert, certificate);
  return isNoticed && isKept ? 'kept' : 'lost';
}

/** Opens connections without a ClientHello, and with the beginning of one. */
async function unended({ bridge }: Stage, form: Form): Promise<number> {
  const count = form === 'long' ? 2_500 : 300;
  const url = bridge.pushUrl() ?? '';
  const mute = await crowd({ url, count: count / 2, addresses: 20 });
  const halves = await crowd({ url, count: count / 2, addresses: 20, first: '\x16\x03\x01\x02\x00\x01' });
  await pause(form === 'long' ? 12_000 : 2_000);
  mute.close();
  halves.close();
  return count;
}

/** Uses `openssl s_time`, which needs less CPU than the harness's clients. */
async function shaking(stage: Stage, forSeconds: number): Promise<number> {
  const { port } = new URL(stage.bridge.pushUrl() ?? '');
  const fromMs = performance.now();
  const { stdout } = await run('openssl', [
    's_time',
    '-connect',
    `127.0.0.1:${port}`,
    '-new',
    '-time',
    String(forSeconds),
  ]);
  return Math.round((Number(/(\d+) connections in/.exec(stdout)?.[1] ?? 0) / (performance.now() - fromMs)) * 1000);
}

/** Does full handshakes one after the other; returns their number a second. */
async function shakes({ bridge }: Stage, forMs: number): Promise<number> {
  const { port } = new URL(bridge.pushUrl() ?? '');
  const fromMs = performance.now();
  let done = 0;
  const each = async (client: number): Promise<void> => {
    while (performance.now() - fromMs < forMs) {
      const isDone = await shaken(Number(port), `127.1.2.${client + 1}`);
      done += Number(isDone);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => each(client)));
  return Math.round((done / (performance.now() - fromMs)) * 1000);
}

function shaken(port: number, localAddress: string): Promise<boolean> {
  return new Promise((resolve) => {
    const bare = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => resolve(false));
    const socket = connectTls({ socket: bare, secureContext, rejectUnauthorized: false }, () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
  });
}

function fingerprint({ bridge }: Stage): Promise<string> {
  const { port } = new URL(bridge.pushUrl() ?? '');
  return new Promise((resolve) => {
    const socket = connectTls(
      { port: Number(port), host: '127.0.0.1', secureContext, rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      },
    );
    socket.once('error', () => resolve('')).once('close', () => resolve(''));
  });
}
