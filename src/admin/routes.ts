// The owner's administration on its second listener, for whoever has the token out of the state directory.

import { createHash, timingSafeEqual } from 'node:crypto';
import { addAbortSignal, Readable } from 'node:stream';
import type Router from '@koa/router';
import type { Context, Next } from 'koa';
import { readBody } from '../http/request-body.ts';
import type { Administration } from './administration.ts';
import { noSuchLetter, queryOfBody, queryOfUrl, sinkOfBody } from './request-parsing.ts';

export interface AdminRoutesOptions {
  readonly administration: Administration;
  readonly token: string;
  /** Ends the answers that are under way. */
  readonly ended: AbortSignal;
  /** Reads the configuration anew and tells what came of it; throws an error with the status that the refusal deserves. */
  readonly reload?: (() => Promise<object>) | undefined;
}

const maxBodyBytes = 4 * 2 ** 20;

/** Mounts everything under `/admin/`; lists are NDJSON, a line a letter, and as long as it takes. */
export function adminRoutes(router: Router, { administration, token, ended, reload }: AdminRoutesOptions): void {
  router.use('/admin', demand(token));
  const lines = (context: Context, values: AsyncIterable<unknown>): void => {
    context.type = 'application/x-ndjson';
    context.body = addAbortSignal(ended, Readable.from(ndjson(values)));
  };
  router.get('/admin/dead-letters', (context) => lines(context, administration.letters(queryOfUrl(context.URL))));
  router.get('/admin/dead-letters/export', (context) =>
    lines(context, administration.letters(queryOfUrl(context.URL), { withInput: true })),
  );
  router.get('/admin/dead-letters/:id', async (context) => {
    const { id } = context.params as { id: string };
    for await (const letter of administration.letters({ ids: [id] }, { withInput: true })) context.body = letter;
    if (context.body === undefined) throw noSuchLetter(id);
  });
  router.post('/admin/dead-letters/retry', async (context) =>
    lines(context, administration.retry(queryOfBody(await jsonOf(context)))),
  );
  router.post('/admin/dead-letters/drop', async (context) =>
    lines(context, administration.drop(queryOfBody(await jsonOf(context)))),
  );
  if (reload !== undefined) {
    router.post('/admin/reload', async (context) => {
      context.body = await reload();
    });
  }
  router.get('/admin/spool', async (context) => {
    context.body = await administration.spoolStatus();
  });
  router.post('/admin/spool/drop', async (context) => {
    context.body = await administration.dropWaiting(sinkOfBody(await jsonOf(context)));
  });
}

/** Both sides are hashed, so that they are equally long and the comparison takes the same time whatever was sent. */
function demand(token: string): (context: Context, next: Next) => Promise<void> {
  const wanted = digest(`Bearer ${token}`);
  return async (context, next) => {
    if (timingSafeEqual(digest(context.get('Authorization')), wanted)) return next();
    context.set('WWW-Authenticate', 'Bearer');
    context.status = 401;
    context.body = {
      error: 'Authorization: expected Bearer and the token that stands in admin.json of the state directory',
    };
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function jsonOf({ req }: Context): Promise<Buffer> {
  return readBody(req, maxBodyBytes);
}

/** So much is written at once. */
const pieceLength = 16_384;

async function* ndjson(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  let piece = '';
  for await (const value of values) {
    piece += `${JSON.stringify(value)}\n`;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
