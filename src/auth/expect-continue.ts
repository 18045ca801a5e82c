// `Expect: 100-continue`: who has been let in is told to send the body, who is refused is not.

import type { Context } from 'koa';

export function answerExpectContinue({ req, res }: Pick<Context, 'req' | 'res'>): void {
  if (req.headers.expect !== undefined && req.httpVersion === '1.1') res.writeContinue();
}
