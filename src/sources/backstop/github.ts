// GitHub's push webhook: commits as Backstop's series, or one annotation and two counters a push.

import type { DataPoint } from '../../model/point.ts';
import { annotationOf } from './event-annotation.ts';
import { at, exactJson, formFields, found, isObject, Malformed, textOf } from './exact-json.ts';
import { dottedPath, legalTags } from './legal-name.ts';
import { msOfIso, msOfSeconds } from './moment.ts';
import { type Item, item, pointOf, type ReadingOptions } from './naming.ts';

/**
 * The items of a push: in legacy naming its commits, else the push itself. Other events, and a push of nothing such as a deleted
 * branch, make no points.
 *
 * @param event - X-GitHub-Event; empty: a push, as Backstop took everything for one
 * @param text - JSON, or a form with the JSON in `payload`
 * @throws Malformed
 */
export function githubItems(text: string, event: string, options: ReadingOptions): Item[] {
  const payload = payloadOf(text);
  if (event !== '' && event !== 'push') return [{ points: [] }];
  const repository = textOf(at(payload, 'repository', 'name'));
  const ref = textOf(at(payload, 'ref'));
  const commits = at(payload, 'commits');
  if (repository === undefined)
    throw new Malformed(`repository.name: expected a name, found ${found(at(payload, 'repository', 'name'))}`);
  if (ref === undefined) throw new Malformed(`ref: expected a branch or a tag, found ${found(at(payload, 'ref'))}`);
  if (!Array.isArray(commits)) throw new Malformed(`commits: expected an array, found ${found(commits)}`);
  const push: Push = { payload, repository, ref, commits };
  const isOfNothing = commits.length === 0 && !isObject(at(payload, 'head_commit'));
  if (isOfNothing) return [{ points: [] }];
  return options.naming === 'tags' ? [item('push', () => pushPoints(push, options))] : legacyItems(push, options);
}

interface Push {
  readonly payload: unknown;
  readonly repository: string;
  readonly ref: string;
  readonly commits: readonly unknown[];
}

function payloadOf(text: string): unknown {
  const json = text.trimStart().startsWith('{') ? text : textOf(at(formFields(text), 'payload'));
  if (json === undefined) throw new Malformed('body: JSON is required, or a form with it as payload; found neither');
  const payload = exactJson(json);
  if (!isObject(payload)) throw new Malformed(`body: expected an object, found ${found(payload)}`);
  return payload;
}

function legacyItems(push: Push, options: ReadingOptions): Item[] {
  const about = annotationIfTimed(push, options);
  return push.commits.map((commit, index) =>
    item(`commits[${index}]`, () => {
      const id = textOf(at(commit, 'id'));
      if (id === undefined) throw new Malformed(`id: expected a commit id, found ${found(at(commit, 'id'))}`);
      const author = textOf(at(commit, 'author', 'email')) ?? textOf(at(commit, 'author', 'name')) ?? 'unknown';
      const metric = dottedPath(
        'github',
        push.repository,
        push.ref.replaceAll('/', '.'),
        author.replace(/[.@]/g, '-'),
        id,
      );
      const timeMs = msOfIso('timestamp', at(commit, 'timestamp'), options);
      return [pointOf({ metric, value: '1', timeMs, annotation: index === 0 ? about : undefined }, options)];
    }),
  );
}

/** Low in cardinality: neither branches nor authors nor commits are tags. */
function pushPoints(push: Push, options: ReadingOptions): DataPoint[] {
  const timeMs = timeOf(push, options);
  const tags = legalTags({ repo: push.repository, kind: push.ref.startsWith('refs/tags/') ? 'tag' : 'branch' });
  const fresh = push.commits.filter((commit) => at(commit, 'distinct') !== false).length;
  return [
    pointOf(
      { metric: 'github.pushes', tags, value: '1', timeMs, annotation: annotationOfPush(push, options) },
      options,
    ),
    pointOf({ metric: 'github.commits', tags, value: String(fresh), timeMs }, options),
  ];
}

/** When it was pushed; where that is not said, when its last commit was made. */
function timeOf({ payload, commits }: Push, options: ReadingOptions): number {
  const pushedAt = at(payload, 'repository', 'pushed_at');
  if (typeof pushedAt === 'string') return msOfIso('repository.pushed_at', pushedAt, options);
  if (pushedAt !== undefined && pushedAt !== null) return msOfSeconds('repository.pushed_at', pushedAt, options);
  const last = isObject(at(payload, 'head_commit')) ? at(payload, 'head_commit') : commits.at(-1);
  return msOfIso('timestamp', at(last, 'timestamp'), options);
}

const maxListedCommits = 10;

/** Undefined where the push has no time that can be: its commits may still have theirs. */
function annotationIfTimed(push: Push, options: ReadingOptions): DataPoint['annotation'] {
  try {
    return annotationOfPush(push, options);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return undefined;
  }
}

function annotationOfPush(push: Push, options: ReadingOptions): DataPoint['annotation'] {
  const { payload, repository, ref, commits } = push;
  const name = ref.replace(/^refs\/(heads|tags)\//, '');
  const isTag = ref.startsWith('refs/tags/');
  const pusher = textOf(at(payload, 'pusher', 'name')) ?? textOf(at(payload, 'sender', 'login'));
  const listed = commits.slice(-maxListedCommits).map((commit) => {
    const [subject = ''] = (textOf(at(commit, 'message')) ?? '').split('\n');
    return `${(textOf(at(commit, 'id')) ?? '').slice(0, 10)} ${subject.slice(0, 80)}`.trim();
  });
  const what = isTag ? `tag ${name}` : `${commits.length} ${commits.length === 1 ? 'commit' : 'commits'} to ${name}`;
  return annotationOf({
    startMs: timeOf(push, options),
    description: `${repository}: ${what}${pusher === undefined ? '' : ` by ${pusher}`}`,
    notes: listed.length === 0 ? undefined : listed.join('\n'),
    custom: {
      repo: repository,
      [isTag ? 'tag' : 'branch']: name,
      pusher,
      compare: textOf(at(payload, 'compare')),
      after: textOf(at(payload, 'after')),
    },
    id: `${textOf(at(payload, 'after')) ?? ''} ${ref} ${repository}`,
  });
}
