// The HTTP answers of the simulated OpenTSDB, in the shapes of the real one.

/** `close` closes the connection without an answer, `reset` does so by RST, `raw` sends these bytes and closes. */
export type TsdAnswer = HttpAnswer | { readonly raw: string } | 'close' | 'reset';

export interface HttpAnswer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error of the request, answered 400. OpenTSDB's BadRequestException. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** @throws BadRequest */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidJson();
  }
}

/** For JSON with a member of the wrong type, too. */
export function invalidJson(): BadRequest {
  return new BadRequest('Unable to parse the given JSON');
}

export function jsonAnswer(status: number, body: unknown): HttpAnswer {
  return { status, type: 'application/json; charset=UTF-8', body: JSON.stringify(body) };
}

/** HttpJsonSerializer.formatErrorV1. The stack trace is the default of tsd.http.show_stack_trace. */
export function errorAnswer(code: number, message: string, details?: string): HttpAnswer {
  const trace = `net.opentsdb.tsd.BadRequestException: ${message}\n${'\tat net.opentsdb.tsd.Rpc.execute(Rpc.java:1)\n'.repeat(150)}`;
  return jsonAnswer(code, { error: { code, message, ...(details !== undefined && { details }), trace } });
}

/** RpcHandler rejects chunked requests in HTML, before it looks at the path. */
export function chunkedRefused(): HttpAnswer {
  const reason = 'Chunked request not supported.';
  return {
    status: 400,
    type: 'text/html; charset=UTF-8',
    body: `<!DOCTYPE html><html><head><title>Bad Request</title></head><body><h1>Bad Request</h1>Sorry but your request was
rejected as being invalid.<br/><br/>The reason provided was:<blockquote>${reason}</blockquote></body></html>`,
  };
}

export function methodNotAllowed(method: string): HttpAnswer {
  return errorAnswer(405, 'Method not allowed', `The HTTP method [${method}] is not permitted for this endpoint`);
}

export function endpointNotFound(): HttpAnswer {
  return errorAnswer(404, 'Endpoint not found', 'The requested endpoint was not found');
}
