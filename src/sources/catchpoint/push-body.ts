// Turns the bytes of a push into the JSON value that they hold, by what stands in them and not by their Content-Type.

import { NotAPush } from './measurement.ts';

/** Parses a push's body. Throws NotAPush, which says what came instead of JSON. */
export function parsePush(body: Buffer): unknown {
  const json = pushText(body).trim();
  if (json === '') throw new NotAPush('body: expected one JSON object, found nothing');
  if (json.startsWith('<')) throw new NotAPush(xmlInstead(json));
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new NotAPush(`body: expected one JSON object, found text that is not JSON (${(error as Error).message})`);
  }
}

/** The text of a push: UTF-8, or UTF-16 where a byte order mark says so. */
export function pushText(body: Buffer): string {
  if (body[0] === 0xff && body[1] === 0xfe) return new TextDecoder('utf-16le').decode(body);
  if (body[0] === 0xfe && body[1] === 0xff)
    return new TextDecoder('utf-16le').decode(
      Buffer.from(body)
        .subarray(0, body.length & ~1)
        .swap16(),
    );
  return new TextDecoder().decode(body);
}

function xmlInstead(xml: string): string {
  if (/^(<\?[^>]*>\s*)?<alert[\s>]/i.test(xml)) {
    return 'body: this is an alert webhook; this URL takes test data (Test Data Webhook) only';
  }
  return 'body: found XML; in Catchpoint choose JSON, or Template with what `catchpoint-opentsdb-bridge template` prints';
}
