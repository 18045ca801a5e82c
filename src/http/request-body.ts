// Reads a request's body, within a limit.

import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

/** A body that cannot be read; `status` is the answer that it deserves. */
export class UnreadableBody extends Error {
  readonly expose = true;
  override readonly name = 'UnreadableBody';
  readonly status: number;
  /** After a 503, when to come again. */
  readonly retryAfterMs: number | undefined;
  /** As much of it as was read. */
  readonly read: Buffer;
  constructor(status: number, message: string, read: Buffer = Buffer.alloc(0)) {
    super(message);
    this.status = status;
    this.retryAfterMs = status === 503 ? 1_000 : undefined;
    this.read = read;
  }
}

/** Bounds the memory of all bodies that are arriving. */
export interface ArrivingBodies {
  /** @param giveUp - called at most once, when this body has to go */
  begin(giveUp: () => void): { take(bytes: number): void; end(): void };
}

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/**
 * The whole body, decompressed where the sender says that it is compressed.
 *
 * @param maxBytes - bound on the body, both as sent and as decompressed
 * @param arriving - bounds it together with all others that are arriving
 * @throws UnreadableBody with 413 over the bound, 415 for an unknown Content-Encoding, 400 when it does not decompress
 * or ends early, 503 when it was given up for others
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

const unbounded: ArrivingBodies = { begin: () => ({ take: () => {}, end: () => {} }) };

/** By events, not by `for await`: that costs a seventh of the requests a second. What comes whole with its first piece never waits for more, and is not counted as arriving. */
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
    const stop = (why: UnreadableBody): void => {
      body?.end();
      chunks = [];
      request.removeAllListeners('data');
      request.pause();
      reject(why);
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes === declaredBytes && body === undefined) return;
      body ??= arriving.begin(() =>
        stop(new UnreadableBody(503, 'body: too many are arriving, and this one for longest')),
      );
      if (bytes > maxBytes) stop(tooLarge(maxBytes, `more than ${maxBytes} bytes sent`, Buffer.concat(chunks)));
      else body.take(chunk.length);
    });
    request.on('end', () => {
      body?.end();
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes));
    });
    // An error alone, which comes before it, is thrown by nobody: requests emit it only where somebody listens.
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
