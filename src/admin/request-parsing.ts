// Parses the requests to the administration.

import type { LetterQuery } from './letter-query.ts';

/** `expose` lets koa answer with the message. */
class BadRequest extends Error {
  readonly expose = true;
  override readonly name = 'BadRequest';
  readonly status: number;
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

export function noSuchLetter(id: string): Error {
  return new BadRequest(`there is no letter ${JSON.stringify(id)}`, 404);
}

/** `?kind=…&reason=…&id=…&id=…&untilMs=…` */
export function queryOfUrl({ searchParams }: URL): LetterQuery {
  const ids = searchParams.getAll('id');
  const untilMs = searchParams.get('untilMs');
  return checked({
    ...(ids.length > 0 && { ids }),
    ...Object.fromEntries([...searchParams].filter(([name]) => name === 'kind' || name === 'reason')),
    ...(untilMs !== null && { untilMs: Number(untilMs) }),
  });
}

/** Members of LetterQuery. To select all letters, `"all": true` is needed, so that an empty object drops nothing. */
export function queryOfBody(body: Buffer): LetterQuery {
  const { all, ...members } = objectOf(body);
  const query = checked(members);
  const hasFilter = query.ids !== undefined || query.kind !== undefined || query.reason !== undefined;
  if (all !== true && !hasFilter)
    throw new BadRequest('body: expected ids, kind, reason or "all": true, found none of them');
  return query;
}

export function sinkOfBody(body: Buffer): string {
  const { sink } = objectOf(body);
  if (typeof sink !== 'string')
    throw new BadRequest(`sink: expected the name of a sink, found ${JSON.stringify(sink)}`);
  return sink;
}

function objectOf(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw new BadRequest('body: expected a JSON object, found something else');
}

const rules: Readonly<Record<string, { readonly expected: string; readonly fits: (value: unknown) => boolean }>> = {
  ids: {
    expected: 'a list of ids',
    fits: (value) => Array.isArray(value) && value.every((id) => typeof id === 'string'),
  },
  kind: { expected: 'a text', fits: (value) => typeof value === 'string' },
  reason: { expected: 'a text', fits: (value) => typeof value === 'string' },
  untilMs: { expected: 'a number', fits: (value) => typeof value === 'number' && Number.isFinite(value) },
};

/** Refuses unknown members: a typing error must not select more letters. */
function checked(members: Readonly<Record<string, unknown>>): LetterQuery {
  for (const [name, value] of Object.entries(members)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw new BadRequest(`${name}: expected ids, kind, reason, untilMs or all, found this`);
    if (!rule.fits(value)) throw new BadRequest(`${name}: expected ${rule.expected}, found ${JSON.stringify(value)}`);
  }
  return members;
}
