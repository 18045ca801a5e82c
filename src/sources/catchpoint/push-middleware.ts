// The fast path of a push through HTTP: admits the request, reads its body, hands it to the intake and answers.
// It runs before the other Koa middlewares, and passes on all other requests and pushes with unusual URLs. Those reach
// push-route.ts, which gives the same answers.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { AdmittedPush, Admission } from '../../auth/admission.ts';
import { answerExpectContinue } from '../../http/expect-continue.ts';
import { readBody } from '../../http/request-body.ts';
import { requestIdHeader } from '../../http/request-id.ts';
import type { Answers } from '../../http/server.ts';
import { type PushIntake, type ReadingOptions, replayHeader, unreadPush } from './push-route.ts';

interface PushEndpoint {
  readonly intake: PushIntake;
  readonly reading: ReadingOptions;
}

interface PushHandler extends PushEndpoint {
  readonly admission: Admission;
  readonly answers: Answers;
}

const replayName = replayHeader.toLowerCase();
const requestIdName = requestIdHeader.toLowerCase();

/** Makes the first middleware of the push listener. */
export function pushMiddleware(admission: Admission, endpoint: PushEndpoint): (answers: Answers) => Middleware {
  return (answers) => {
    const handler: PushHandler = { admission, answers, ...endpoint };
    return (context, next) => {
      const { method, url = '' } = context.req;
      if (method !== 'POST') return next();
      const queryAt = url.indexOf('?');
      const path = queryAt === -1 ? url : url.slice(0, queryAt);
      if (!isPushPath(path) || !admission.handles(path) || url.includes('#')) return next();
      return answerPush(context, path, queryAt === -1 ? '' : url.slice(queryAt + 1), handler);
    };
  };
}

function isPushPath(path: string): boolean {
  return path === '/' || path.startsWith('/catchpoint/') || path === '/catchpoint';
}

async function answerPush(
  context: Context,
  path: string,
  querystring: string,
  { admission, answers, intake, reading }: PushHandler,
): Promise<void> {
  const { req, res } = context;
  const requestId = answers.idOf(headerOf(req, requestIdName));
  let admitted: AdmittedPush | undefined;
  let body: Buffer | undefined;
  let startedMs = 0;
  try {
    admitted = admission.admit(req, path, querystring);
    startedMs = reading.clock.steady();
    answerExpectContinue(context);
    body = await readBody(req, reading.maxBodyBytes, reading.bodies);
    admission.bodyArrived(admitted);
    const { ip, isOwner } = admitted;
    const isReplay = headerOf(req, replayName) !== undefined;
    const outcome = await intake.take({ body, isReplay, ip, isOwner, requestId });
    context.respond = false;
    answerTaken(res, requestId, isReplay ? outcome : undefined);
  } catch (error) {
    if (admitted !== undefined && body === undefined)
      intake.unread(unreadPush(error as Error, { ip: admitted.ip, isOwner: admitted.isOwner, requestId }));
    answers.refuse(context, requestId, error);
  } finally {
    if (admitted !== undefined) {
      intake.answered(reading.clock.steady() - startedMs);
      admission.release(admitted);
    }
  }
}

/** Undefined for a missing or empty header. */
function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return value === undefined || value === '' ? undefined : String(value);
}

/** @param outcome - of a replay; undefined for any other push */
function answerTaken(response: ServerResponse, requestId: string, outcome: string | undefined): void {
  if (outcome === undefined) {
    response.writeHead(200, [requestIdHeader, requestId, 'Content-Length', '0']).end();
    return;
  }
  const body = JSON.stringify({ became: outcome });
  response
    .writeHead(200, [
      requestIdHeader,
      requestId,
      'Content-Type',
      'application/json; charset=utf-8',
      'Content-Length',
      String(Buffer.byteLength(body)),
    ])
    .end(body);
}
