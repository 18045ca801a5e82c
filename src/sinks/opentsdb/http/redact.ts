// Keeps what is sent in confidence, passwords and headers, out of what is said: an answer may repeat what it was sent, and
// its beginning is quoted in errors, in the log and in dead letters.

import type { Ruling, Verdict } from '../../../model/sink.ts';
import { tsdHost } from './hosts.ts';

/** The text without the secrets. */
export type Redact = (text: string) => string;

/** Shorter ones would be found where they are not meant. */
const minLength = 4;
/** What stands of one where a quotation ends in it may be as short as this. */
const minPartLength = 6;

/**
 * Conceals the passwords of URLs and the values of headers, a token after a scheme also by itself, as they are, as they
 * look in a URL and as they look in JSON, and also where a quotation breaks off within one.
 */
export function redact({ urls, headers = {} }: RedactOptions): Redact {
  const values = [...urls.flatMap(secretsOfUrl), ...Object.values(headers)].flatMap((value) => [
    value,
    ...value.split(/\s+/).slice(1),
  ]);
  const secrets = [...new Set(values.flatMap(guises))]
    .filter((secret) => secret.length >= minLength)
    .toSorted((a, b) => b.length - a.length);
  return (text) =>
    secrets.reduce(
      withoutParts,
      secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text),
    );
}

export interface RedactOptions {
  readonly urls: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The same verdict, its words concealed. */
export function redactedVerdict({ rejected, kept }: Verdict, hide: Redact): Verdict {
  const hidden = (rulings: readonly Ruling[]): Ruling[] =>
    rulings.map((ruling) => ({ ...ruling, reason: hide(ruling.reason) }));
  return { rejected: hidden(rejected), kept: hidden(kept) };
}

function secretsOfUrl(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { authorization } = tsdHost(url);
  return authorization === undefined ? [] : [authorization, decodeURIComponent(new URL(url).password)];
}

/** Quoted twice: in the answer's own JSON, and in ours. */
function guises(secret: string): string[] {
  const quoted = inJson(secret);
  return [secret, encodeURIComponent(secret), quoted, inJson(quoted)];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Where a quotation broke off within the secret: at its closing mark, or at the end of all. */
function withoutParts(text: string, secret: string): string {
  if (!text.includes(secret.slice(0, minPartLength))) return text;
  let rest = text;
  for (let length = secret.length - 1; length >= minPartLength; length -= 1) {
    const part = secret.slice(0, length);
    if (rest.endsWith(part)) rest = `${rest.slice(0, -length)}***`;
    rest = rest.replaceAll(`${part}"`, '***"');
  }
  return rest;
}
