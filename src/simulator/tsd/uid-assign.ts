// /api/uid/assign of the simulated OpenTSDB. It assigns each name separately and answers errors in maps beside the UIDs.

import { BadRequest, jsonAnswer, methodNotAllowed, parseJson, type HttpAnswer } from './answers.ts';
import type { PutRequest } from './put.ts';
import { RefusedPut } from './rules.ts';
import type { UidKind, Uids } from './uids.ts';

const kinds: readonly UidKind[] = ['metric', 'tagk', 'tagv'];

/** @throws BadRequest */
export function answerAssign(uids: Uids, { method, query, text }: PutRequest): HttpAnswer {
  if (method !== 'GET' && method !== 'POST') return methodNotAllowed(method);
  const requested = method === 'POST' ? fromJson(text) : fromQuery(query);
  if (requested.length === 0) throw new BadRequest('Missing values to assign UIDs');
  const answer: [string, unknown][] = [];
  let errorCount = 0;
  for (const [kind, names] of requested) {
    const { assigned, errors } = assignEach(uids, kind, names);
    answer.push([kind, Object.fromEntries(assigned)]);
    if (errors.length > 0) answer.push([`${kind}_errors`, Object.fromEntries(errors)]);
    errorCount += errors.length;
  }
  return jsonAnswer(errorCount === 0 ? 200 : 400, Object.fromEntries(answer));
}

function assignEach(uids: Uids, kind: UidKind, names: readonly string[]) {
  const assigned: [name: string, uid: string][] = [];
  const errors: [name: string, message: string][] = [];
  for (const name of names) {
    try {
      assigned.push([name, uids.assign(kind, name)]);
    } catch (error) {
      if (!(error instanceof RefusedPut)) throw error;
      errors.push([name, error.message]);
    }
  }
  return { assigned, errors };
}

function fromQuery(query: URLSearchParams): [UidKind, string[]][] {
  return kinds.flatMap((kind) => {
    const names = query.get(kind);
    return names ? [[kind, names.split(',')]] : [];
  });
}

function fromJson(text: string): [UidKind, string[]][] {
  const requested = parseJson(text) as Readonly<Record<string, unknown>> | null;
  return kinds.flatMap((kind) => {
    const names = requested?.[kind];
    return Array.isArray(names) ? [[kind, names.map(String)]] : [];
  });
}
