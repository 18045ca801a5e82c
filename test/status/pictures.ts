// Takes the screenshots in contrib/pictures/ of a running demo, for README.md and docs/status-page.md.
// `npm run pictures`; needs Chromium, as the tests of the page do.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from '../e2e/program.ts';
import { openChromium, openPage, type Owner } from './browser.ts';

const folder = new URL('../../../contrib/pictures/', import.meta.url).pathname;
/** Until the charts show incidents. */
const settleMs = Number(process.env['PICTURE_SECONDS'] ?? 90) * 1000;
const maxBytes = 200_000;
const releases: (() => unknown)[] = [];
const owner: Owner = { teardown: (release) => void releases.push(release) };

try {
  const demo = program(owner, ['demo', '--rate', '100', '--nodes', '600']);
  const line = await demo.line((text) => text.startsWith('bridge, status page'));
  const address = /http:\S+/.exec(line)?.[0] ?? '';
  await sleep(settleMs);
  const browser = await openChromium();
  releases.push(() => browser.close());
  await take('status-page.png', 'light');
  await take('world-map-dark.jpg', 'dark', 'section[aria-labelledby="map-title"]');

  async function take(name: string, scheme: 'light' | 'dark', part?: string): Promise<void> {
    const { page, complaints } = await openPage(owner, browser, address, scheme);
    await page.selectOption('#filter-test', '410020').catch(() => undefined);
    await page.locator('.mark[class*="rtt-"]').nth(20).waitFor();
    await page.locator('.mark[data-node]:visible').nth(5).hover({ force: true });
    await sleep(6000);
    const path = join(folder, name);
    await (part === undefined
      ? page.screenshot({ path, clip: { x: 0, y: 0, width: 1300, height: 720 }, fullPage: true })
      : page.locator(part).screenshot({ path, type: 'jpeg', quality: 85 }));
    const { size } = await stat(path);
    if (size > maxBytes || complaints.length > 0) throw new Error(`${name}: ${size} bytes; ${complaints.join('; ')}`);
    console.log(`${name}: ${size} bytes`);
  }
} finally {
  for (const release of releases.toReversed()) await release();
}
