// Reads GitHub's push webhook. Legacy naming has a point per commit; tags naming has two counters per push.

import type { Annotation, DataPoint } from '../../model/point.ts';
import { annotationOf } from './annotation.ts';
import { type Item, item, pointOf, type ReadOptions } from './items.ts';
import { get, isObject } from '../json-members.ts';
import { describe, Malformed, parseForm, parseJson, requiredText, textOf } from './json.ts';
import { dottedPath, legalTags } from '../legal-name.ts';
import { parseIso, parseSeconds } from './timestamps.ts';

interface Push {
  readonly payload: unknown;
  readonly repository: string;
  readonly ref: string;
  readonly commits: readonly unknown[];
}

/**
 * The commits of a push in legacy naming, otherwise the push itself.
 * Other events and pushes without commits, such as a deleted branch, have no points.
 *
 * @param text - JSON, or a form with the JSON in `payload`
 * @param event - X-GitHub-Event; empty means a push, as in Backstop
 * @throws Malformed
 */
export function githubItems(text: string, event: string, options: ReadOptions): Item[] {
  const payload = payloadOf(text);
  if (event !== '' && event !== 'push') return [{ points: [] }];
  const repository = requiredText(payload, 'a name', 'repository', 'name');
  const ref = requiredText(payload, 'a branch or a tag', 'ref');
  const commits = get(payload, 'commits');
  if (!Array.isArray(commits)) throw new Malformed(`commits: expected an array, found ${describe(commits)}`);
  const push: Push = { payload, repository, ref, commits };
  if (commits.length === 0 && !isObject(get(payload, 'head_commit'))) return [{ points: [] }];
  return options.naming === 'tags' ? [item('push', () => pushPoints(push, options))] : commitItems(push, options);
}

function payloadOf(text: string): unknown {
  const json = text.trimStart().startsWith('{') ? text : textOf(get(parseForm(text), 'payload'));
  if (json === undefined) throw new Malformed('body: JSON is required, or a form with it as payload; found neither');
  const payload = parseJson(json);
  if (!isObject(payload)) throw new Malformed(`body: expected an object, found ${describe(payload)}`);
  return payload;
}

/** The first commit carries the annotation of the push. */
function commitItems(push: Push, options: ReadOptions): Item[] {
  const annotation = annotationIfTimed(push, options.nowMs);
  return push.commits.map((commit, index) =>
    item(`commits[${index}]`, () => {
      const id = requiredText(commit, 'a commit id', 'id');
      const author = textOf(get(commit, 'author', 'email')) ?? textOf(get(commit, 'author', 'name')) ?? 'unknown';
      const branch = push.ref.replaceAll('/', '.');
      const metric = dottedPath('github', push.repository, branch, author.replace(/[.@]/g, '-'), id);
      const timeMs = parseIso('timestamp', get(commit, 'timestamp'), options.nowMs);
      return [pointOf({ metric, value: '1', timeMs, annotation: index === 0 ? annotation : undefined }, options)];
    }),
  );
}

/** Branches, authors and commits do not become tags, to keep the cardinality low. */
function pushPoints(push: Push, options: ReadOptions): DataPoint[] {
  const timeMs = timeOf(push, options.nowMs);
  const tags = legalTags({ repo: push.repository, kind: push.ref.startsWith('refs/tags/') ? 'tag' : 'branch' });
  const newCommits = push.commits.filter((commit) => get(commit, 'distinct') !== false).length;
  const annotation = annotationOfPush(push, timeMs);
  return [
    pointOf({ metric: 'github.pushes', tags, value: '1', timeMs, annotation }, options),
    pointOf({ metric: 'github.commits', tags, value: String(newCommits), timeMs }, options),
  ];
}

/** The time of the push, or else of its last commit, in ms since 1970 UTC. */
function timeOf({ payload, commits }: Push, nowMs: number): number {
  const pushedAt = get(payload, 'repository', 'pushed_at');
  if (typeof pushedAt === 'string') return parseIso('repository.pushed_at', pushedAt, nowMs);
  if (pushedAt !== undefined && pushedAt !== null) return parseSeconds('repository.pushed_at', pushedAt, nowMs);
  const last = isObject(get(payload, 'head_commit')) ? get(payload, 'head_commit') : commits.at(-1);
  return parseIso('timestamp', get(last, 'timestamp'), nowMs);
}

/** Undefined if the push has no valid time; its commits may have one. */
function annotationIfTimed(push: Push, nowMs: number): Annotation | undefined {
  try {
    return annotationOfPush(push, timeOf(push, nowMs));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return undefined;
  }
}

const maxListedCommits = 10;

function annotationOfPush({ payload, repository, ref, commits }: Push, startMs: number): Annotation {
  const name = ref.replace(/^refs\/(heads|tags)\//, '');
  const isTag = ref.startsWith('refs/tags/');
  const pusher = textOf(get(payload, 'pusher', 'name')) ?? textOf(get(payload, 'sender', 'login'));
  const listed = commits.slice(-maxListedCommits).map((commit) => {
    const [subject = ''] = (textOf(get(commit, 'message')) ?? '').split('\n');
    return `${(textOf(get(commit, 'id')) ?? '').slice(0, 10)} ${subject.slice(0, 80)}`.trim();
  });
  const pushed = isTag ? `tag ${name}` : `${commits.length} ${commits.length === 1 ? 'commit' : 'commits'} to ${name}`;
  const after = textOf(get(payload, 'after'));
  return annotationOf({
    startMs,
    description: `${repository}: ${pushed}${pusher === undefined ? '' : ` by ${pusher}`}`,
    notes: listed.length === 0 ? undefined : listed.join('\n'),
    custom: {
      repo: repository,
      [isTag ? 'tag' : 'branch']: name,
      pusher,
      compare: textOf(get(payload, 'compare')),
      after,
    },
    id: `${after ?? ''} ${ref} ${repository}`,
  });
}
