// Decodes the bytes of a push and parses them as JSON. The content decides, not the Content-Type.

import { NotAPush } from './measurement.ts';

/** @throws NotAPush with a description of the body if it is not JSON */
export function parsePush(body: Buffer): unknown {
  const json = pushText(body).trim();
  if (json === '') throw new NotAPush('body: expected one JSON object, found nothing');
  if (json.startsWith('<')) throw new NotAPush(xmlReason(json));
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new NotAPush(`body: expected one JSON object, found text that is not JSON (${(error as Error).message})`);
  }
}

/** The text of a push: UTF-16 after a byte order mark of UTF-16, else UTF-8. */
export function pushText(body: Buffer): string {
  if (body[0] === 0xff && body[1] === 0xfe) return new TextDecoder('utf-16le').decode(body);
  if (body[0] === 0xfe && body[1] === 0xff) {
    const evenBytes = Buffer.from(body).subarray(0, body.length & ~1);
    return new TextDecoder('utf-16le').decode(evenBytes.swap16());
  }
  return new TextDecoder().decode(body);
}

function xmlReason(xml: string): string {
  if (/^(<\?[^>]*>\s*)?<alert[\s>]/i.test(xml)) {
    return 'body: this is an alert webhook; this URL takes test data (Test Data Webhook) only';
  }
  return 'body: found XML; in Catchpoint choose JSON, or Template with what `catchpoint-opentsdb-bridge template` prints';
}
