// `Expect: 100-continue` (RFC 9110, 10.1.1): the server answers 100 Continue once the request is authenticated.

import type { Context } from 'koa';

export function answerExpectContinue({ req, res }: Pick<Context, 'req' | 'res'>): void {
  if (req.headers.expect !== undefined && req.httpVersion === '1.1') res.writeContinue();
}
