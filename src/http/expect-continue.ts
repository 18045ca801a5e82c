// `Expect: 100-continue` (RFC 9110, 10.1.1): a request is told to send its body once it is authenticated.

import type { Context } from 'koa';

export function answerExpectContinue({ req, res }: Pick<Context, 'req' | 'res'>): void {
  if (req.headers.expect !== undefined && req.httpVersion === '1.1') res.writeContinue();
}
