// Errors of an engine: what was asked, and what was found or why nobody answered.

import { TimedOut } from '../../../runtime/deadline.ts';
import { excerptOf, messageOf } from './answer.ts';
import { EngineError } from './engine.ts';

/** An answer whose status is an error. */
export function statusError(call: string, status: number, text: string): EngineError {
  return new EngineError(`${call}: ${status}: ${messageOf(text)}`, { status });
}

/**
 * No answer, or only a part of one.
 *
 * @param peer - the path of the socket, or host and port
 */
export function engineError(peer: string, call: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError(`${call}: ${reasonOf(peer, error as Error)}`, {
    isTimeout: error instanceof TimedOut,
    cause: error,
  });
}

/** What OpenSSL calls the end of a handshake by the other side, such as `tlsv13 alert certificate required:../deps/…`. */
const tlsAlert = /alert ([a-z ]+)/;

/** Node 24 advises flags of its own. */
const nodeHint = /; if the root CA is installed locally.*/s;

function reasonOf(peer: string, error: Error): string {
  const [, alert] = tlsAlert.exec(error.message) ?? [];
  if (alert !== undefined) {
    return `the engine at ${peer} refuses the TLS connection: ${alert}; it may expect other cert.pem and key.pem`;
  }
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return `no permission for ${peer}: the socket is open to root, and mostly to the group docker`;
    case 'ENOENT':
      return `there is no engine at ${peer}: no such file`;
    case 'ENOTSOCK':
      return `expected a socket at ${peer}, found a file of another kind`;
    case 'ECONNREFUSED':
      return `no engine listens at ${peer}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name of ${peer} has no address`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return `the engine at ${peer} does not speak TLS: ${excerptOf(error.message)}`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `expected a certificate of ${peer} that ca.pem or the system vouches for, found another: ${excerptOf(error.message.replace(nodeHint, ''))}`;
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return `${peer} closed the connection before the end of the answer`;
    default:
      return excerptOf(error.message);
  }
}

/** Of the error, or of the error of the system in it. */
export function codeOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const cause = (error as Error).cause;
  return cause instanceof Error && (code === undefined || code.startsWith('ERR_')) ? codeOf(cause) : (code ?? '');
}
