// The way of a push through HTTP, from its head to its answer, before all routes: nearly every request is one. What is none, or is
// oddly written, goes on to the middlewares and routes, which come to the same.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { Admitted, Admission } from '../../auth/admission.ts';
import { answerExpectContinue } from '../../auth/expect-continue.ts';
import { readBody } from '../../http/request-body.ts';
import { requestIdHeader } from '../../http/request-id.ts';
import type { Answers } from '../../http/server.ts';
import { type PushIntake, type ReadingOptions, replayHeader, unreadPush } from './push-route.ts';

/** Where pushes are taken, and how they are read. */
export interface PushTaking {
  readonly intake: PushIntake;
  readonly reading: ReadingOptions;
}

const replayName = replayHeader.toLowerCase();
const requestIdName = requestIdHeader.toLowerCase();

/** Makes the first middleware of a listener of pushes. */
export function pushMiddleware(entrance: Admission, taking: PushTaking): (answers: Answers) => Middleware {
  return (answers) => {
    const way: PushWay = { entrance, answers, ...taking };
    return (context, next) => {
      const { method, url = '' } = context.req;
      if (method !== 'POST') return next();
      const queryAt = url.indexOf('?');
      const path = queryAt === -1 ? url : url.slice(0, queryAt);
      if (!isOfPushes(path) || !entrance.isFor(path) || url.includes('#')) return next();
      return answerPush(context, path, queryAt === -1 ? '' : url.slice(queryAt + 1), way);
    };
  };
}

function isOfPushes(path: string): boolean {
  return path === '/' || path.startsWith('/catchpoint/') || path === '/catchpoint';
}

interface PushWay extends PushTaking {
  readonly entrance: Admission;
  readonly answers: Answers;
}

async function answerPush(
  context: Context,
  path: string,
  querystring: string,
  { entrance, answers, intake, reading }: PushWay,
): Promise<void> {
  const { req, res } = context;
  const requestId = answers.idOf(headerOf(req, requestIdName));
  let entered: Admitted | undefined;
  let body: Buffer | undefined;
  let startedMs = 0;
  try {
    entered = entrance.enter(req, path, querystring);
    startedMs = reading.clock.steady();
    answerExpectContinue(context);
    body = await readBody(req, reading.maxBodyBytes, reading.bodies);
    entrance.arrived(entered);
    const { ip, isOwner } = entered;
    const isReplay = headerOf(req, replayName) !== undefined;
    const became = await intake.take({ body, isReplay, ip, isOwner, requestId });
    context.respond = false;
    answerTaken(res, requestId, isReplay ? became : undefined);
  } catch (error) {
    if (entered !== undefined && body === undefined)
      intake.unread(unreadPush(error as Error, { ip: entered.ip, isOwner: entered.isOwner, requestId }));
    answers.refuse(context, requestId, error);
  } finally {
    if (entered !== undefined) {
      intake.answered(reading.clock.steady() - startedMs);
      entrance.leave(entered);
    }
  }
}

/** Undefined where there is none, or nothing in it. */
function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return value === undefined || value === '' ? undefined : String(value);
}

/** @param became - told to who asked for it */
function answerTaken(response: ServerResponse, requestId: string, became: string | undefined): void {
  if (became === undefined) {
    response.writeHead(200, [requestIdHeader, requestId, 'Content-Length', '0']).end();
    return;
  }
  const body = JSON.stringify({ became });
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
