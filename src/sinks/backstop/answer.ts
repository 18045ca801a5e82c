// Reads the answer to a publication: Backstop's status, or the counts and errors of a bridge.

import type { Answer } from '../http-post.ts';
import { field, parseJson } from '../json-answer.ts';
import { NoVerdict, quoted, retryAfterMs } from '../no-verdict.ts';

/**
 * `taken`: every element, except those that a bridge named. `rejected` has the reasons by index; `untold` counts those
 * rejected without being named, since a bridge names twenty. `refused`: a 400 without counts, perhaps because of one element;
 * Backstop has sent those before it. `too-large`: the body exceeds the receiver's limit.
 */
export type PublishAnswer =
  | { readonly kind: 'taken'; readonly rejected: ReadonlyMap<number, string>; readonly untold: number }
  | { readonly kind: 'refused' | 'too-large'; readonly message: string };

interface Counts {
  /** Including those that were there already. */
  readonly accepted: number;
  readonly rejected: number;
  readonly skipped: number;
  readonly errors: readonly unknown[];
}

/** @throws NoVerdict for an answer that says nothing of the elements, such as a missing password or an outage */
export function readPublishAnswer(answer: Answer, elementCount: number, nowMs: number): PublishAnswer {
  const { status } = answer;
  const counts = status === 400 || isSuccess(status) ? bridgeCounts(answer) : undefined;
  if (counts !== undefined) return takenOf(counts, elementCount, answer);
  if (isSuccess(status) && isCutOff(answer)) throw new NoVerdict(`an answer that is cut off: ${described(answer)}`);
  if (isSuccess(status)) return { kind: 'taken', rejected: new Map(), untold: 0 };
  if (status === 400) return { kind: 'refused', message: described(answer) };
  if (status === 413) return { kind: 'too-large', message: described(answer) };
  throw new NoVerdict(described(answer), { retryAfterMs: retryAfterMs(answer.retryAfter, nowMs) });
}

/** A part of a bridge's counts. Of an answer without Content-Length, the end of the connection looks like the end. */
function isCutOff({ text, isWhole }: Answer): boolean {
  return text.trimStart().startsWith('{') && (!isWhole || parseJson(text) === undefined);
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The counts of a bridge's answer; undefined for another answer. */
export function bridgeCounts({ text, isWhole }: Pick<Answer, 'text' | 'isWhole'>): Counts | undefined {
  if (!isWhole) return undefined;
  const json = parseJson(text);
  const [accepted, rejected, skipped] = ['accepted', 'rejected', 'skipped'].map((name) => field(json, name));
  const errors = field(json, 'errors');
  if (!isCount(accepted) || !isCount(rejected) || !isCount(skipped) || !Array.isArray(errors)) return undefined;
  return { accepted, rejected, skipped, errors };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function takenOf(counts: Counts, elementCount: number, answer: Answer): PublishAnswer {
  const { accepted, rejected: rejectedCount, skipped, errors } = counts;
  if (accepted + rejectedCount + skipped !== elementCount)
    throw new NoVerdict(`the counts do not fit the ${elementCount} elements sent: ${described(answer)}`);
  const rejected = new Map<number, string>();
  for (const error of errors) {
    const [, index, reason] = /^\[(\d+)\]: (.*)$/s.exec(String(error)) ?? [];
    if (reason !== undefined && Number(index) < elementCount) rejected.set(Number(index), reason);
  }
  if (rejected.size > rejectedCount) throw new NoVerdict(`more errors than rejected elements: ${described(answer)}`);
  return { kind: 'taken', rejected, untold: rejectedCount - rejected.size };
}

/** Names the setting to look at where the status tells. */
export function described({ status, text }: Pick<Answer, 'status' | 'text'>): string {
  const advice = adviceOf(status);
  return `answered ${status}${advice === undefined ? '' : `, ${advice}`}: ${quoted(text)}`;
}

function adviceOf(status: number): string | undefined {
  if (status === 401 || status === 403) return 'user and password in the URL are missing or wrong';
  if (status === 404) return 'the prefix or the path of the URL is unknown there';
  if (status === 405) return 'nothing takes a POST at this path';
  return status >= 300 && status < 400 ? 'a redirection, which is not followed' : undefined;
}
