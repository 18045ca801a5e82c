// The status page in a browser.

import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { until } from '../fakes/until.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openSimulatedEngine } from '../../src/simulator/docker/simulated-engine.ts';
import { openBridge, openChromium, openPage, type WatchedBridge } from './browser.ts';

const inBrowser = process.env['BRIDGE_BROWSER'] === 'off' ? test.serial.skip : test.serial;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let opened: Promise<Browser> | undefined;
const browser = (): Promise<Browser> => (opened ??= openChromium());

test.after.always(async () => (await opened)?.close());

/** Waits for an element with a matching text. */
async function shows(t: ExecutionContext, page: Page, selector: string, text: RegExp): Promise<void> {
  const found = page.locator(selector).filter({ hasText: text }).first();
  const isShown = await found.waitFor({ timeout: 20_000 }).then(
    () => true,
    () => false,
  );
  t.true(
    isShown,
    isShown
      ? ''
      : `${selector}: expected ${text}, found ${JSON.stringify(await page.locator(selector).allInnerTexts())}`,
  );
}

inBrowser('data appear and are updated, without requests to other hosts', async (t) => {
  const { address, push } = await openBridge(t);
  await push({ node: 11, rttMs: 25 });
  const { page, complaints, requests, fileBytes } = await openPage(t, await browser(), address);
  await shows(t, page, '#connection', /^Live$/);
  await shows(t, page, '#pushes tbody tr', /taken.*Test 100.*Frankfurt.*25 ms.*12/s);
  await shows(t, page, '#sinks tbody tr', /opentsdb.*takes points.*12/s);
  await shows(t, page, '#board', /Nodes\s*5/);
  await shows(t, page, '#verdict.well', /^All is well$/);
  await push({ node: 13, test: 101, rttMs: 180, error: '12007' });
  await shows(t, page, '#pushes tbody tr:first-child', /Tokyo.*180 ms.*12007.*15/s);
  await shows(t, page, '#slices tbody tr', /^Asia118\d ms18\d ms100 %/);
  await page.locator('#charts canvas').first().waitFor();
  const { origin } = new URL(address);
  t.deepEqual(
    requests.filter((url) => !url.startsWith(`${origin}/`)),
    [],
  );
  t.false(
    requests.some((url) => url.replace(/#.*/, '').includes('token=')),
    'the token stays in the browser',
  );
  t.false(page.url().includes('token='), page.url());
  const bytes = await fileBytes();
  t.true(bytes > 20_000 && bytes < 100_000, `${bytes} bytes`);
  t.deepEqual(complaints, []);
});

inBrowser('a recent push can be opened to show its points', async (t) => {
  const { address, push } = await openBridge(t);
  await push({ node: 12, rttMs: 31.5 });
  const { page, complaints } = await openPage(t, await browser(), address);
  await page.getByRole('button', { name: /points of Paris/ }).click();
  await shows(t, page, '#pushes pre', /put catchpoint\.rtt\.by_isp\.100 \d+ 31\.5 nodeid=12 isp=Orange/);
  t.is(await page.locator('#hold').getAttribute('aria-pressed'), 'true');
  t.deepEqual(complaints, []);
});

inBrowser(
  'the map shows each node with coordinates, and details of the selected one; arrow keys move the selection',
  async (t) => {
    const { address, push } = await openBridge(t);
    await pushToAll(push);
    const { page, complaints } = await openPage(t, await browser(), address);
    await page.locator('.mark[data-node="11"].rtt-0').waitFor();
    t.is(await page.locator('.mark[data-node]').count(), 4);
    t.is(await page.locator('.mark.rtt-4[data-node]').getAttribute('data-node'), '13');
    await page.locator('.mark[data-node="13"]').hover();
    await shows(t, page, '#node', /Tokyo, JP - NTT.*AS4713.*NTT.*Tokyo, Kanto, Japan, Asia.*400 ms.*Test 100/s);
    await page.locator('.mark[tabindex="0"]').focus();
    t.is(await page.locator('.mark:focus').getAttribute('data-node'), '11', 'Tab reaches the node with the most runs');
    await page.keyboard.press('ArrowLeft');
    await shows(t, page, '#node', /Paris/);
    t.regex(
      (await page.locator('.mark[data-node="12"]').getAttribute('aria-label')) ?? '',
      /^Paris, FR - Orange: 1 runs, p50 \d\d ms, errors 0 %$/,
    );
    t.deepEqual(complaints, []);
  },
);

inBrowser('map and table are filtered by test, continent and ISP, and the table can be sorted', async (t) => {
  const { address, push } = await openBridge(t);
  await pushToAll(push);
  await push({ node: 13, test: 101, error: 'dns' });
  const { page, complaints } = await openPage(t, await browser(), address);
  const first = '#slices tbody tr:first-child';
  await shows(t, page, first, /^Europe3/);
  await page.getByRole('button', { name: 'RTT p95' }).click();
  await shows(t, page, first, /Asia/);
  t.is(await page.locator('#slices th[aria-sort]').innerText(), 'RTT p95');
  await page.getByRole('button', { name: 'RTT p95' }).click();
  await shows(t, page, first, /Europe/);
  await page.selectOption('#filter-test', '101');
  await shows(t, page, '#map-sum', /^1 runs .* errors 100 %$/);
  await page.locator('.mark[data-node="13"][d*="L0"]').waitFor();
  await page.selectOption('#filter-test', '');
  await page.selectOption('#filter-continent', 'Europe');
  await shows(t, page, '#map-sum', /^3 runs/);
  t.is(await page.locator('.mark[data-node]:visible').count(), 2);
  await page.selectOption('#by', 'isp');
  await page.selectOption('#filter-isp', 'Orange');
  await shows(t, page, first, /^Orange1/);
  await page.selectOption('#colour', 'errors');
  await page.locator('.mark.errors-ok[data-node="12"]').waitFor();
  t.deepEqual(complaints, []);
});

inBrowser('dead letters are listed, retried and dropped with the token alone', async (t) => {
  const { address, push, daemon, tsd } = await openBridge(t, { autoCreateMetrics: false }, { assignUids: false });
  await push({ node: 15, rttMs: 30 });
  await until(() => daemon.status().deadLetters === 6);
  const [anonymous, { page, complaints }] = [
    await openPage(t, await browser(), new URL(address).origin),
    await openPage(t, await browser(), address),
  ];
  await shows(t, anonymous.page, '#kinds', /^6 rejected\.$/);
  t.false(await anonymous.page.locator('#letters').isVisible());
  await page.locator('#letter-rows tr').nth(5).waitFor();
  await assign(tsd.url, 'catchpoint.rtt.by_node.100');
  const row = page.locator('#letter-rows tr').filter({ hasText: 'opentsdb' });
  const ids = await row.evaluateAll((rows) => rows.map((each) => each.getAttribute('data-letter')));
  const letter = page.locator(`[data-letter="${await idOf(address, ids, 'rtt.by_node')}"]`);
  await letter.getByRole('button', { name: 'Retry' }).click();
  await letter.waitFor({ state: 'detached' });
  await shows(t, page, '#letters-status', /waits for opentsdb again/);
  await until(() => tsd.points().length === 1);
  page.once('dialog', (dialog) => void dialog.accept());
  await page.getByRole('button', { name: 'Drop' }).first().click();
  await shows(t, page, '#letters-status', /dropped/);
  t.is(daemon.status().deadLetters, 4);
  await shows(t, page, '#kinds', /^4 rejected\.$/);
  t.deepEqual([...complaints, ...anonymous.complaints], []);
});

inBrowser('a wrong token is reported and forgotten', async (t) => {
  const { address } = await openBridge(t);
  const { page } = await openPage(t, await browser(), new URL(address).origin);
  await page.getByLabel('Token').fill('not-the-token');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await shows(t, page, '#letters-status', /not the one of this bridge/);
  t.is(await page.evaluate('sessionStorage.length'), 0);
});

inBrowser('a failing sink is shown with its error', async (t) => {
  const { address, push, tsd } = await openBridge(t);
  await tsd.close();
  await push({ node: 11, rttMs: 20 });
  const { page } = await openPage(t, await browser(), address);
  await shows(
    t,
    page,
    '#problems .warning',
    /opentsdb has taken nothing for \d+ s \(.*ECONNREFUSED.*\); 12 points wait/,
  );
  await shows(t, page, '#verdict.warning', /^Pushes are taken and kept; one thing needs a look$/);
  await shows(t, page, '#sinks', /takes nothing for .*ECONNREFUSED/);
  await shows(t, page, '#board', /Backlog\s*12/);
});

inBrowser('before the first push a note says so, and the title has the verdict', async (t) => {
  const { address, push } = await openBridge(t);
  const { page, complaints } = await openPage(t, await browser(), address);
  await shows(t, page, '#problems .note', /no push has come since the start/);
  t.regex(await page.title(), /^All is well/);
  await push({ node: 11, rttMs: 20 });
  await page.locator('#problems .note').waitFor({ state: 'detached' });
  t.deepEqual(complaints, []);
});

inBrowser('when the bridge has ended the page says that it is not live', async (t) => {
  const { address, daemon } = await openBridge(t);
  const { page } = await openPage(t, await browser(), address);
  await shows(t, page, '#connection', /^Live$/);
  await daemon.stop();
  await shows(t, page, '#connection', /^Not live, figures of [\d:]+: the bridge does not answer/);
  t.regex(await page.title(), /^Not live/);
});

inBrowser(
  'on a phone nothing is wider than the screen, columns are readable, and a continent fills the map',
  async (t) => {
    const { address, push } = await openBridge(t);
    for (const node of [11, 12, 13]) await push({ node, rttMs: node * 10 });
    const { page, complaints } = await openPage(t, await browser(), address);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator('.mark[data-node="11"].rtt-2').waitFor();
    t.is(await page.evaluate('document.documentElement.scrollWidth'), 390);
    for (const narrow of await page.locator('.scrolling tbody th, .scrolling tbody td:not(.number)').all()) {
      const { width = 100 } = (await narrow.boundingBox()) ?? {};
      t.true(width >= 80, `${await narrow.innerText()}: ${width} px`);
    }
    const apart = async (): Promise<number> => {
      const [one, other] = await Promise.all(
        [11, 12].map((node) => page.locator(`.mark[data-node="${node}"]`).boundingBox()),
      );
      return Math.hypot((one?.x ?? 0) - (other?.x ?? 0), (one?.y ?? 0) - (other?.y ?? 0));
    };
    const before = await apart();
    await page.selectOption('#filter-continent', 'Europe');
    await page.locator('.mark.out[data-node="13"]').waitFor({ state: 'attached' });
    t.true((await apart()) > 3 * before);
    t.deepEqual(complaints, []);
  },
);

inBrowser('without the Catchpoint source nodes and pushes are hidden', async (t) => {
  const flags = {
    catchpoint: false,
    backstop: true,
    backstopListen: '127.0.0.1:0',
    backstopPrefixes: 'app',
    backstopNaming: 'tags',
  };
  const { address, daemon } = await openBridge(t, {}, flags);
  const { page, complaints } = await openPage(t, await browser(), address);
  await shows(t, page, '#problems .note', /nothing has been sent here/);
  t.false(await page.locator('#map').isVisible());
  t.false(await page.locator('#pushes').isVisible());
  t.notRegex(await page.locator('#board').innerText(), /Nodes|Parked|Pushes/);
  const body = JSON.stringify([{ metric: 'queue', value: 1, measure_time: 1_794_994_507 }]);
  const answer = await fetch(`${daemon.backstopUrl}/publish/app`, {
    method: 'POST',
    body,
    headers: { connection: 'close', 'content-type': 'application/json' },
  });
  t.is(answer.status, 200, await answer.text());
  await shows(t, page, '#sources tbody tr', /Backstop.*1 accepted/s);
  t.deepEqual(complaints, []);
});

inBrowser('the Docker source has a line on its engine and its last poll', async (t) => {
  const engine = await openSimulatedEngine({ clock: systemClock(), random: Math.random, containers: 3 });
  t.teardown(engine.close);
  const flags = { catchpoint: false, docker: engine.url, dockerPoll: '1s' };
  const { address } = await openBridge(t, {}, flags);
  const { page, complaints } = await openPage(t, await browser(), address);
  await shows(
    t,
    page,
    '#sources tbody th',
    /Docker\s*Docker 29\.0\.1, API 1\.52, cgroup v2; 3 containers; last poll \d+ s ago in \d+ ms/,
  );
  await shows(t, page, '#sources tbody tr', /\d samples/);
  await engine.halt();
  await shows(t, page, '#problems', /the Docker engine at http:.* has not answered for/);
  t.deepEqual(complaints, []);
});

for (const scheme of ['light', 'dark'] as const) {
  inBrowser(`axe finds no serious fault of accessibility in the ${scheme} colour scheme`, async (t) => {
    const { address, push } = await openBridge(t);
    for (const node of [11, 13, 14]) await push({ node, rttMs: node * 10, ...(node === 14 ? { error: 'dns' } : {}) });
    const { page, complaints } = await openPage(t, await browser(), address, scheme);
    await page.locator('.mark.failing, .mark[data-node="14"]').first().waitFor();
    await page.locator('.mark[data-node="14"]').hover();
    await shows(t, page, '#node', /Vivo/);
    await page.evaluate(axe);
    const faults = await page.evaluate(async () => {
      const { violations } = await (
        globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
        }
      ).axe.run();
      return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html}`);
    });
    t.deepEqual(
      faults.filter((fault) => /^(serious|critical) /.test(fault)),
      [],
    );
    const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    t.is(background, scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 24, 29)');
    t.deepEqual(complaints, []);
  });
}

/** Creates a metric in an OpenTSDB that does not create them by itself. */
async function assign(tsdUrl: string, metric: string): Promise<void> {
  const answer = await fetch(`${tsdUrl}/api/uid/assign?metric=${metric}`, { headers: { connection: 'close' } });
  if (!answer.ok) throw new Error(`the metric was not assigned: ${await answer.text()}`);
}

/** Two runs of node 11, and one of each other node with coordinates. */
async function pushToAll(push: WatchedBridge['push']): Promise<void> {
  const runs = [
    [11, 20],
    [11, 22],
    [12, 60],
    [13, 400],
    [14, 200],
  ] as const;
  for (const [node, rttMs] of runs) await push({ node, rttMs });
}

function authorised(address: string): RequestInit {
  return {
    headers: {
      authorization: `Bearer ${new URLSearchParams(new URL(address).hash.slice(1)).get('token') ?? ''}`,
      connection: 'close',
    },
  };
}

/** The id of the letter whose input contains the text. */
async function idOf(address: string, ids: readonly (string | null)[], text: string): Promise<string> {
  const { origin } = new URL(address);
  for (const id of ids) {
    const { raw = '' } = (await (await fetch(`${origin}/admin/dead-letters/${id}`, authorised(address))).json()) as {
      raw?: string;
    };
    if (raw.includes(text)) return id ?? '';
  }
  throw new Error(`there is no letter with ${text}`);
}
