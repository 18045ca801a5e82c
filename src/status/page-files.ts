// The files that the page is made of, packed and named by their contents, so that browsers may keep them for ever.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { worldOutlines } from './map-projection.ts';

export interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly packed: Buffer;
}

export interface PageFiles {
  readonly page: PageFile;
  /** Stands in the addresses of the files. */
  readonly version: string;
  file(name: string): PageFile | undefined;
}

/** What tsc makes of page/*.ts. */
const programs = [
  'page',
  'overview',
  'charts',
  'letters',
  'event-stream',
  'map-detail',
  'map-table',
  'markup',
  'numbers',
  'pushes',
  'token',
  'verdict',
  'world-map',
  'world-view',
  'world',
];

/** Where pages, styles and pictures lie: src/status/page, which the package has beside what is built of it. */
const written = new URL('../../../src/status/page/', import.meta.url);
const built = new URL('./page/', import.meta.url);

/** Reads and packs them; to be called once, when somebody first asks. */
export async function pageFiles(): Promise<PageFiles> {
  const uplot = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css');
  const files = new Map<string, PageFile>([
    ...(await Promise.all(
      programs.map(async (name) => [`${name}.js`, packed('text/javascript', await program(name))] as const),
    )),
    ['page.css', packed('text/css', await readFile(new URL('page.css', written)))],
    ['icon.svg', packed('image/svg+xml', await readFile(new URL('icon.svg', written)))],
    ['uplot.css', packed('text/css', await readFile(uplot))],
    ['uplot.js', packed('text/javascript', await readFile(uplot.replace('uPlot.min.css', 'uPlot.iife.min.js')))],
    ['world.json', packed('application/json', Buffer.from(JSON.stringify(await worldOutlines())))],
  ]);
  const version = createHash('sha256')
    .update(Buffer.concat([...files.values()].map(({ plain }) => plain)))
    .digest('base64url')
    .slice(0, 12);
  const page = (await readFile(new URL('page.html', written), 'utf8')).replaceAll('{files}', `status/files/${version}`);
  return { page: packed('text/html', Buffer.from(page)), version, file: (name) => files.get(name) };
}

/** Without the line that names its map, which is not served. */
async function program(name: string): Promise<Buffer> {
  const text = await readFile(new URL(`${name}.js`, built), 'utf8');
  return Buffer.from(text.replace(/\/\/# sourceMappingURL=.*\s*$/, ''));
}

function packed(type: string, plain: Buffer): PageFile {
  return { type: `${type}; charset=utf-8`, plain, packed: gzipSync(plain, { level: 9 }) };
}
