// Reads what was asked of the administration out of URLs and bodies, and refuses what cannot be meant.

import type { LetterQuery } from './letter-query.ts';

/** A request that cannot be meant; `status` is the answer that it deserves. */
class WrongRequest extends Error {
  readonly expose = true;
  override readonly name = 'WrongRequest';
  readonly status: number;
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

export function noSuchLetter(id: string): Error {
  return new WrongRequest(`there is no letter ${JSON.stringify(id)}`, 404);
}

/** `?kind=…&reason=…&id=…&id=…&untilMs=…` */
export function queryOfUrl({ searchParams }: URL): LetterQuery {
  const ids = searchParams.getAll('id');
  const untilMs = searchParams.get('untilMs');
  return checked({
    ...(ids.length === 0 ? {} : { ids }),
    ...Object.fromEntries([...searchParams].filter(([name]) => name === 'kind' || name === 'reason')),
    ...(untilMs === null ? {} : { untilMs: Number(untilMs) }),
  });
}

/**
 * `{"ids": […]}`, `{"kind": "…", "reason": "…", "untilMs": …}` or `{"all": true}`: an empty object is no way to say
 * "all of them".
 */
export function queryOfBody(body: Buffer): LetterQuery {
  const { all, ...asked } = objectOf(body);
  const query = checked(asked);
  const isNarrowed = query.ids !== undefined || query.kind !== undefined || query.reason !== undefined;
  if (all !== true && !isNarrowed)
    throw new WrongRequest('body: expected ids, kind, reason or "all": true, found none of them');
  return query;
}

export function sinkOfBody(body: Buffer): string {
  const { sink } = objectOf(body);
  if (typeof sink !== 'string')
    throw new WrongRequest(`sink: expected the name of a sink, found ${JSON.stringify(sink)}`);
  return sink;
}

function objectOf(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new WrongRequest('body: expected a JSON object, found something else');
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

/** What is not understood is refused: a typing error must not make a query wider. */
function checked(asked: Readonly<Record<string, unknown>>): LetterQuery {
  for (const [name, value] of Object.entries(asked)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw new WrongRequest(`${name}: expected ids, kind, reason, untilMs or all, found this`);
    if (!rule.fits(value)) throw new WrongRequest(`${name}: expected ${rule.expected}, found ${JSON.stringify(value)}`);
  }
  return asked;
}
