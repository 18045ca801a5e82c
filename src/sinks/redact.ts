// Redacts passwords and header values in messages. Errors, the log and dead letters quote the beginning of an answer,
// which may repeat a secret of the request.

import type { Ruling, Verdict } from '../model/sink.ts';
import { basicOf } from './http-address.ts';

type Redact = (text: string) => string;

/** A shorter secret would match ordinary text. */
const minLength = 4;
/** A secret that a quotation cuts off is redacted from this length. */
const minPrefixLength = 6;

/**
 * Replaces the passwords of URLs, the members of their queries and the values of headers; a token after a scheme also by
 * itself. Matches them verbatim, URL-encoded, in JSON, and where a quotation cuts them off.
 */
export function redact(urls: readonly string[], headers: Readonly<Record<string, string>>): Redact {
  const values = [...urls.flatMap(secretsOfUrl), ...Object.values(headers)];
  const withTokens = values.flatMap((value) => [value, ...value.split(/\s+/).slice(1)]);
  const secrets = [...new Set(withTokens.flatMap(encodings))]
    .filter((secret) => secret.length >= minLength)
    .toSorted((a, b) => b.length - a.length);
  return (text) => {
    const withoutWhole = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
    return secrets.reduce(withoutPrefixes, withoutWhole);
  };
}

export function redactVerdict({ rejected, kept }: Verdict, redactText: Redact): Verdict {
  const redacted = (failed: readonly Ruling[]): Ruling[] =>
    failed.map((each) => ({ ...each, reason: redactText(each.reason) }));
  return { rejected: redacted(rejected), kept: redacted(kept) };
}

function secretsOfUrl(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { password, search } = new URL(url);
  // Of a query as a whole, `key=value`: the value alone may be an ordinary word.
  const members = search.slice(1).split('&');
  const authorization = basicOf(url);
  return authorization === undefined ? members : [authorization, decodeURIComponent(password), ...members];
}

/** JSON twice: an answer in JSON is quoted as JSON. */
function encodings(secret: string): string[] {
  const quoted = inJson(secret);
  return [secret, encodeURIComponent(secret), quoted, inJson(quoted)];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Replaces a prefix of the secret before a closing quote or at the end of the text. */
function withoutPrefixes(text: string, secret: string): string {
  if (!text.includes(secret.slice(0, minPrefixLength))) return text;
  let rest = text;
  for (let length = secret.length - 1; length >= minPrefixLength; length -= 1) {
    const prefix = secret.slice(0, length);
    if (rest.endsWith(prefix)) rest = `${rest.slice(0, -length)}***`;
    rest = rest.replaceAll(`${prefix}"`, '***"');
  }
  return rest;
}
