// The files of the page, compressed. Their addresses contain a hash of the contents, so browsers can cache them forever.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { worldOutlines } from './map-projection.ts';

export interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

export interface PageFiles {
  readonly page: PageFile;
  /** Part of the addresses. */
  readonly version: string;
  file(name: string): PageFile | undefined;
}

/** Page, styles and icon are not compiled; the package contains src/status/page. */
const sources = new URL('../../../src/status/page/', import.meta.url);
const compiled = new URL('./page/', import.meta.url);

/** Reads and compresses all files. The first request for the page calls it. */
export async function pageFiles(): Promise<PageFiles> {
  const uplot = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css');
  const files = new Map<string, PageFile>([
    ...(await scripts()),
    ['page.css', pageFile('text/css', await readFile(new URL('page.css', sources)))],
    ['icon.svg', pageFile('image/svg+xml', await readFile(new URL('icon.svg', sources)))],
    ['uplot.css', pageFile('text/css', await readFile(uplot))],
    ['uplot.js', pageFile('text/javascript', await readFile(uplot.replace('uPlot.min.css', 'uPlot.iife.min.js')))],
    ['world.json', pageFile('application/json', Buffer.from(JSON.stringify(await worldOutlines())))],
  ]);
  const version = createHash('sha256')
    .update(Buffer.concat([...files.values()].map(({ plain }) => plain)))
    .digest('base64url')
    .slice(0, 12);
  const page = (await readFile(new URL('page.html', sources), 'utf8')).replaceAll('{files}', `status/files/${version}`);
  return { page: pageFile('text/html', Buffer.from(page)), version, file: (name) => files.get(name) };
}

/** The compiled page/*.ts, without the references to source maps, which are not served. */
async function scripts(): Promise<(readonly [name: string, file: PageFile])[]> {
  const names = (await readdir(compiled)).filter((name) => name.endsWith('.js')).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, compiled), 'utf8');
      return [
        name,
        pageFile('text/javascript', Buffer.from(text.replace(/\/\/# sourceMappingURL=.*\s*$/, ''))),
      ] as const;
    }),
  );
}

function pageFile(type: string, plain: Buffer): PageFile {
  return { type: `${type}; charset=utf-8`, plain, gzipped: gzipSync(plain, { level: 9 }) };
}
