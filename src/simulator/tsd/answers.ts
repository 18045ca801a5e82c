// The answers of the simulated OpenTSDB's HTTP door, in the shapes of the real one.

/** `close`: the connection is closed without a reply. `reset`: the same, by RST. `raw`: these bytes, then the end. */
export type TsdAnswer = HttpAnswer | { readonly raw: string } | 'close' | 'reset';

export interface HttpAnswer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function jsonAnswer(status: number, body: unknown): HttpAnswer {
  return { status, type: 'application/json; charset=UTF-8', body: JSON.stringify(body) };
}

/** HttpJsonSerializer.formatErrorV1, with the stack trace that is shown unless tsd.http.show_stack_trace is off. */
export function errorAnswer(code: number, message: string, details?: string): HttpAnswer {
  const trace = `net.opentsdb.tsd.BadRequestException: ${message}\n${'\tat net.opentsdb.tsd.Rpc.execute(Rpc.java:1)\n'.repeat(150)}`;
  return jsonAnswer(code, { error: { code, message, ...(details !== undefined && { details }), trace } });
}

/** RpcHandler refuses chunked requests before it knows that they are for the API: in HTML. */
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
