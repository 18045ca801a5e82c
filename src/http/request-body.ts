// Reads and decompresses a request's body, within limits.

import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { HttpError } from './http-error.ts';

/** The error of a body that cannot be read, with its answer. */
export class UnreadableBody extends HttpError {
  override readonly name = 'UnreadableBody';
  /** The bytes that were read. */
  readonly read: Buffer;
  constructor(status: number, message: string, read: Buffer = Buffer.alloc(0)) {
    super(status, message, status === 503 ? { retryAfterMs: 1_000 } : {});
    this.read = read;
  }
}

/** Bounds the memory of all bodies that are being received. */
export interface ArrivingBodies {
  /** @param evicted - called at most once, when this body must free its memory for others */
  begin(evicted: () => void): { add(bytes: number): void; end(): void };
}

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/**
 * Reads the whole body, and decompresses it by its Content-Encoding.
 *
 * @param maxBytes - bound on the body, both as sent and as decompressed
 * @param arriving - bound on all bodies together
 * @throws UnreadableBody with 413 over `maxBytes`, 415 for an unknown Content-Encoding, 400 when the body does not
 * decompress or ends early, 503 when it is evicted
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  arriving: ArrivingBodies = unbounded,
): Promise<Buffer> {
  const declaredBytes = Number(request.headers['content-length'] ?? 0);
  if (declaredBytes > maxBytes) return Promise.reject(tooLarge(maxBytes, `${declaredBytes} bytes declared`));
  const sent = readBytes(request, { declaredBytes, maxBytes, arriving });
  const encoding = request.headers['content-encoding']?.trim().toLowerCase();
  return encoding === undefined || encoding === 'identity' || encoding === ''
    ? sent
    : sent.then((bytes) => decompressed(bytes, encoding, maxBytes));
}

const unbounded: ArrivingBodies = { begin: () => ({ add: () => {}, end: () => {} }) };

/** Uses events: `for await` costs a seventh of the throughput. A body in one chunk does not count in `arriving`. */
function readBytes(
  request: IncomingMessage,
  {
    declaredBytes,
    maxBytes,
    arriving,
  }: { readonly declaredBytes: number; readonly maxBytes: number; readonly arriving: ArrivingBodies },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    let body: ReturnType<ArrivingBodies['begin']> | undefined;
    const stop = (error: UnreadableBody): void => {
      body?.end();
      chunks = [];
      request.removeAllListeners('data');
      request.pause();
      reject(error);
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes === declaredBytes && body === undefined) return;
      body ??= arriving.begin(() =>
        stop(new UnreadableBody(503, 'body: too many are arriving, and this one for longest')),
      );
      if (bytes > maxBytes) stop(tooLarge(maxBytes, `more than ${maxBytes} bytes sent`, Buffer.concat(chunks)));
      else body.add(chunk.length);
    });
    request.on('end', () => {
      body?.end();
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes));
    });
    // 'error' needs no listener: Node emits it on a request only when it has one.
    request.on('close', () => {
      if (request.complete) return;
      body?.end();
      reject(
        new UnreadableBody(400, `body: ended after ${bytes} bytes, before it was complete`, Buffer.concat(chunks)),
      );
    });
  });
}

async function decompressed(sent: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  if (!isKnown(encoding)) {
    throw new UnreadableBody(
      415,
      `Content-Encoding: expected gzip, deflate or br, found ${JSON.stringify(encoding)}`,
      sent,
    );
  }
  try {
    return await decoders[encoding](sent, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(maxBytes, 'more when decompressed', sent);
    throw new UnreadableBody(400, `body: not ${encoding} as Content-Encoding says (${(error as Error).message})`, sent);
  }
}

function isKnown(encoding: string): encoding is keyof typeof decoders {
  return Object.hasOwn(decoders, encoding);
}

function tooLarge(maxBytes: number, found: string, read?: Buffer): UnreadableBody {
  return new UnreadableBody(413, `body: at most ${maxBytes} bytes, found ${found}`, read);
}
