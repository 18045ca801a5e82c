// The administration over HTTP on the admin listener. Commands get its address and its token from admin.json.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { addAbortSignal, Readable } from 'node:stream';
import type Router from '@koa/router';
import type { Context, Next } from 'koa';
import { readBody } from '../http/request-body.ts';
import type { Log } from '../runtime/log.ts';
import { adminFileOf, removeAdminFile, writeAdminFile } from './admin-file.ts';
import type { Administration } from './administration.ts';
import { noSuchLetter, queryOfBody, queryOfUrl, sinkOfBody } from './request-parsing.ts';

export interface AdminEndpoint {
  mount(router: Router): void;
  /** Writes admin.json. A failure is only logged, because pushes do not depend on it. */
  open(url: string): Promise<void>;
  /** Removes admin.json and ends the answers that are in progress. */
  close(): Promise<void>;
}

interface AdminEndpointOptions {
  readonly administration: Administration;
  readonly stateDir: string;
  readonly log: Log;
  /** Reloads the configuration. An error carries the status of the answer. */
  readonly reload?: (() => Promise<object>) | undefined;
}

/** Only the owner of the state directory may call it: it removes the admin.json of the previous process. */
export async function adminEndpoint(options: AdminEndpointOptions): Promise<AdminEndpoint> {
  const { stateDir, log } = options;
  const token = randomBytes(32).toString('base64url');
  const closing = new AbortController();
  await removeAdminFile(stateDir);
  return {
    mount(router) {
      router.use('/admin', requireToken(token));
      mountRoutes(router, options, closing.signal);
    },
    async open(url) {
      try {
        await writeAdminFile(stateDir, { url, token });
      } catch (error) {
        const reason = (error as Error).message;
        log.warn(
          { file: adminFileOf(stateDir), reason },
          'commands cannot reach this process: its address cannot be written',
        );
      }
    },
    async close() {
      closing.abort();
      await removeAdminFile(stateDir);
    },
  };
}

/** Lists are streamed as NDJSON, one line for each letter. */
function mountRoutes(router: Router, { administration, reload }: AdminEndpointOptions, closing: AbortSignal): void {
  const stream = (context: Context, values: AsyncIterable<unknown>): void => {
    context.type = 'application/x-ndjson';
    context.body = addAbortSignal(closing, Readable.from(ndjson(values)));
  };
  router.get('/admin/dead-letters', (context) => stream(context, administration.letters(queryOfUrl(context.URL))));
  router.get('/admin/dead-letters/export', (context) =>
    stream(context, administration.letters(queryOfUrl(context.URL), { withInput: true })),
  );
  router.get('/admin/dead-letters/:id', async (context) => {
    const { id } = context.params as { id: string };
    for await (const letter of administration.letters({ ids: [id] }, { withInput: true })) context.body = letter;
    if (context.body === undefined) throw noSuchLetter(id);
  });
  router.post('/admin/dead-letters/retry', async (context) =>
    stream(context, administration.retry(queryOfBody(await bodyOf(context)))),
  );
  router.post('/admin/dead-letters/drop', async (context) =>
    stream(context, administration.drop(queryOfBody(await bodyOf(context)))),
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
    context.body = await administration.dropWaiting(sinkOfBody(await bodyOf(context)));
  });
}

/** Compares hashes, so that the time of the comparison reveals neither length nor content of the token. */
function requireToken(token: string): (context: Context, next: Next) => Promise<void> {
  const expected = hashOf(`Bearer ${token}`);
  return async (context, next) => {
    if (timingSafeEqual(hashOf(context.get('Authorization')), expected)) return next();
    context.set('WWW-Authenticate', 'Bearer');
    context.status = 401;
    context.body = {
      error: 'Authorization: expected Bearer and the token that stands in admin.json of the state directory',
    };
  };
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const maxBodyBytes = 4 * 2 ** 20;

const bodyOf = ({ req }: Context): Promise<Buffer> => readBody(req, maxBodyBytes);

/** Characters in one write. */
const chunkLength = 16_384;

async function* ndjson(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  let chunk = '';
  for await (const value of values) {
    chunk += `${JSON.stringify(value)}\n`;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
