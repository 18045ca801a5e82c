// Opens the status page of a bridge in this process in Debian's Chromium, and records errors, warnings and requests.

import type { ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { readAdminFile } from '../../src/admin/admin-file.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { readConfig } from '../../src/config/config.ts';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { openTsd, type Tsd, type TsdOptions } from '../../src/simulator/tsd/tsd.ts';
import { pageAddress } from '../../src/status/page-address.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { until } from '../fakes/until.ts';

/** Five nodes on three continents, one of them without coordinates. */
export const nodes = [
  located(11, 'Frankfurt, DE', 174, 'Cogent', ['Frankfurt', 'Germany', 'Europe'], [50.11, 8.68]),
  located(12, 'Paris, FR', 3215, 'Orange', ['Paris', 'France', 'Europe'], [48.86, 2.35]),
  { ...located(13, 'Tokyo, JP', 4713, 'NTT', ['Tokyo', 'Japan', 'Asia'], [35.68, 139.69]), region: 'Kanto' },
  located(14, 'São Paulo, BR', 27699, 'Vivo', ['São Paulo', 'Brazil', 'South America'], [-23.55, -46.63]),
  { id: 15, active: true, name: 'Nowhere - Enterprise', asn: 64512, isp: 'Own' },
];

function located(
  id: number,
  place: string,
  asn: number,
  isp: string,
  [city, country, continent]: readonly [string, string, string],
  [latitude, longitude]: readonly [number, number],
) {
  return { id, active: true, name: `${place} - ${isp}`, asn, isp, city, country, continent, latitude, longitude };
}

/** A test, or a script that releases what it opened. */
export type Owner = Pick<ExecutionContext, 'teardown'>;

export async function openChromium(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  // No name resolves: requests to other machines fail.
  const args = [
    '--no-sandbox',
    '--disable-background-networking',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  ];
  try {
    return await chromium.launch({ executablePath, args });
  } catch (error) {
    throw new Error(
      `the tests of the status page need Chromium, and ${executablePath} cannot be started: install Debian's package chromium, ` +
        `point CHROMIUM at another, or leave them out with BRIDGE_BROWSER=off npm test\n${(error as Error).message}`,
      { cause: error },
    );
  }
}

export interface WatchedBridge {
  readonly daemon: Daemon;
  readonly tsd: Tsd;
  /** Of the status page, with the token. */
  readonly address: string;
  push(run: PushedRun): Promise<void>;
}

export interface PushedRun {
  readonly node: number;
  readonly test?: number;
  readonly rttMs?: number;
  readonly error?: string;
}

export async function openBridge(
  t: Owner,
  tsdOptions: TsdOptions = {},
  flags: Readonly<Record<string, string | boolean>> = {},
): Promise<WatchedBridge> {
  const tsd = await openTsd(tsdOptions);
  t.teardown(() => tsd.close());
  const stateDir = await temporaryDirectory(t);
  const nodesFile = join(stateDir, 'nodes-given.json');
  await writeFile(nodesFile, JSON.stringify({ nodes }));
  const allFlags = {
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    tsdbHost: tsd.url,
    nodesFile,
    stateDir,
    ...flags,
  };
  const { config } = readConfig(
    { flags: allFlags, env: {}, readFile: () => '', canWriteIn: () => true },
    { needsNodes: true },
  );
  const daemon = await startDaemon(config, { clock: systemClock(), random: Math.random, log: silentLog(), pid: 4711 });
  t.teardown(() => daemon.stop({ hurry: AbortSignal.abort() }));
  await until(() => flags['catchpoint'] === false || (daemon.status().nodes?.known ?? 0) > 0);
  const access = await readAdminFile(stateDir);
  if (access === undefined) throw new Error('the bridge has written no admin.json');
  let runs = 0;
  const firstMs = Date.now() - 60_000;
  return {
    daemon,
    tsd,
    address: pageAddress(access),
    async push(run) {
      runs += 1;
      const answer = await fetch(daemon.pushUrl, {
        method: 'POST',
        body: JSON.stringify(bodyOf(run, firstMs + runs)),
        headers: { connection: 'close' },
      });
      if (answer.status !== 200) throw new Error(`the push was answered ${answer.status}: ${await answer.text()}`);
    },
  };
}

/** @param timeMs - differs for each run: an equal one would be a duplicate */
function bodyOf({ node, test = 100, rttMs, error }: PushedRun, timeMs: number): object {
  const timestamp = new Date(timeMs).toISOString().replaceAll(/\D/g, '');
  return {
    TestId: test,
    NodeId: node,
    TestDetail: {
      Name: `Test ${test}`,
      TypeId: 5,
    },
    NodeName: nodes.find(({ id }) => id === node)?.name,
    Summary: {
      Timestamp: timestamp,
      ...(rttMs === undefined ? {} : { Timing: { Total: rttMs } }),
      ...(error === undefined ? {} : { Error: { Code: error } }),
    },
  };
}

export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console and of the page's scripts, failed requests included. */
  readonly complaints: readonly string[];
  /** Addresses of all requests. */
  readonly requests: readonly string[];
  /** Size of the page and its files, compressed. */
  fileBytes(): Promise<number>;
}

export async function openPage(
  t: Owner,
  browser: Browser,
  address: string,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<WatchedPage> {
  const context = await browser.newContext({
    colorScheme,
    viewport: { width: 1300, height: 1000 },
    reducedMotion: 'reduce',
  });
  t.teardown(() => context.close());
  const [complaints, requests, sizes]: [string[], string[], Promise<number>[]] = [[], [], []];
  const page = await context.newPage();
  page.on(
    'console',
    (message) => void (['error', 'warning'].includes(message.type()) && complaints.push(message.text())),
  );
  page.on('pageerror', ({ message }) => void complaints.push(message));
  context.on('request', (request) => void requests.push(request.url()));
  context.on('requestfinished', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname === '/' || pathname.startsWith('/status/files/'))
      sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  await page.goto(address);
  return {
    page,
    complaints,
    requests,
    fileBytes: async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
  };
}
