// /api/uid/assign of the simulated OpenTSDB: each name on its own, the errors in maps beside the UIDs.

import { errorAnswer, jsonAnswer, methodNotAllowed, type HttpAnswer } from './answers.ts';
import type { PutRequest } from './put.ts';
import { RefusedPut } from './rules.ts';
import type { UidKind, Uids } from './uids.ts';

const kinds: readonly UidKind[] = ['metric', 'tagk', 'tagv'];

export function answerAssign(uids: Uids, { method, query, text }: PutRequest): HttpAnswer {
  if (method !== 'GET' && method !== 'POST') return methodNotAllowed(method);
  const wanted = method === 'POST' ? fromJson(text) : fromQuery(query);
  if (wanted === undefined) return errorAnswer(400, 'Unable to parse the given JSON');
  if (wanted.length === 0) return errorAnswer(400, 'Missing values to assign UIDs');
  const answer: [string, unknown][] = [];
  let faults = 0;
  for (const [kind, names] of wanted) {
    const { assigned, errors } = assignEach(uids, kind, names);
    answer.push([kind, Object.fromEntries(assigned)]);
    if (errors.length > 0) answer.push([`${kind}_errors`, Object.fromEntries(errors)]);
    faults += errors.length;
  }
  return jsonAnswer(faults === 0 ? 200 : 400, Object.fromEntries(answer));
}

function assignEach(uids: Uids, kind: UidKind, names: readonly string[]) {
  const assigned: [name: string, uid: string][] = [];
  const errors: [name: string, words: string][] = [];
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

function fromJson(text: string): [UidKind, string[]][] | undefined {
  try {
    const wanted = JSON.parse(text) as Record<string, unknown>;
    return kinds.flatMap((kind) => {
      const names = wanted[kind];
      return Array.isArray(names) ? [[kind, names.map(String)]] : [];
    });
  } catch {
    return undefined;
  }
}
