// The cardinality guard: what pushes may bring that was not seen before, so that neither a stranger nor a mistake fills the
// database with series and its UIDs with names.

import type { Tags } from '../../../model/point.ts';
import { legalTagText } from '../../../model/tag-text.ts';
import type { Measurement } from '../measurement.ts';
import type { Node } from '../nodes/node.ts';
import type { RunTagger } from '../run-tags.ts';
import type { Dimension } from '../slices.ts';
import type { KnownNames, Word } from './known-names.ts';

export interface CardinalityBounds {
  readonly maxTests: number;
  /** Of nodes that the directory does not know. */
  readonly maxNodes: number;
  /** Of each kind of tag value that a push brings. */
  readonly maxTagValues: number;
}

export interface CardinalityGuard {
  /**
   * Why a run cannot be taken, in words; undefined when it can, and then all that it brings is known. A run brings nothing at all
   * when it is refused. Metrics need no bound of their own: their names are a closed list for each test.
   */
  refusal(measurement: Measurement, node: Node | undefined): string | undefined;
  /** To be told when the directory knows other nodes: those that it lists count no more. */
  nodesListed(isListed: (nodeId: number) => boolean): void;
  status(): CardinalityStatus;
}

/** How much is known of how much. */
export interface CardinalityStatus {
  readonly tests: Filling;
  /** Beside those of the directory. */
  readonly nodes: Filling;
  /** By the name of the tag. */
  readonly tagValues: Readonly<Record<string, Filling>>;
}

export interface Filling {
  readonly known: number;
  readonly most: number;
}

/** The dead letter's kind. */
export const overCardinality = 'cardinality';

export interface GuardOptions {
  readonly bounds: CardinalityBounds;
  readonly known: KnownNames;
  readonly tagsOfRun: RunTagger;
  /** The cuts that are written: what none of them shows brings nothing. */
  readonly slices: readonly Dimension[];
}

/** Of a run that brings nothing new it costs a look-up for each thing that it could have brought. */
export function cardinalityGuard(options: GuardOptions): CardinalityGuard {
  const { known } = options;
  return {
    refusal(measurement, node) {
      const { testId, asn, error } = measurement;
      const tags = options.tagsOfRun(measurement);
      const isUsual =
        node !== undefined && error === undefined && tags === undefined && (asn === undefined || asn === node.asn);
      if (isUsual && known.has('test', String(testId))) return undefined;
      const { bounds } = options;
      const unknown: Word[] = [];
      for (const word of wordsOf(measurement, node, tags, options)) {
        const [kind] = word;
        if (known.has(...word)) continue;
        if (known.count(kind) >= boundOf(kind, bounds)) return refusalOf(word, bounds);
        unknown.push(word);
      }
      if (unknown.length > 0) known.learn(unknown);
      return undefined;
    },
    nodesListed: (isListed) => known.forget('node', (id) => isListed(Number(id))),
    status: () => statusOf(options),
  };
}

function statusOf({ bounds, known }: GuardOptions): CardinalityStatus {
  const filling = (kind: string): Filling => ({ known: known.count(kind), most: boundOf(kind, bounds) });
  const others = known.kinds().filter((kind) => kind !== 'test' && kind !== 'node');
  return {
    tests: filling('test'),
    nodes: filling('node'),
    tagValues: Object.fromEntries(others.map((kind) => [tagOf(kind), filling(kind)])),
  };
}

/** What a run could bring into the database, beside what the directory of nodes knows. */
function wordsOf(
  measurement: Measurement,
  node: Node | undefined,
  tags: Tags | undefined,
  { slices }: GuardOptions,
): Word[] {
  const { testId, nodeId, asn, error } = measurement;
  const words: Word[] = [['test', String(testId)]];
  if (node === undefined) words.push(['node', String(nodeId)]);
  if (asn !== undefined && asn !== node?.asn && slices.includes('asn')) words.push(['asn', String(asn)]);
  if (error !== undefined && slices.includes('node')) words.push(['error', legalTagText(error) ?? 'unknown']);
  for (const tag in tags) if (tag !== 'testid') words.push([`tag:${tag}`, tags[tag] as string]);
  return words;
}

function boundOf(kind: string, { maxTests, maxNodes, maxTagValues }: CardinalityBounds): number {
  return kind === 'test' ? maxTests : kind === 'node' ? maxNodes : maxTagValues;
}

function refusalOf([kind, word]: Word, bounds: CardinalityBounds): string {
  const most = boundOf(kind, bounds);
  if (kind === 'test')
    return `test ${word}: not seen before, and ${most} tests are known; --max-tests raises the bound`;
  if (kind === 'node')
    return `node ${word}: in no listing, not seen before, and ${most} such nodes are known; --max-nodes raises the bound`;
  return `${tagOf(kind)}=${word}: not seen before, and ${most} values of ${tagOf(kind)} are known; --max-tag-values raises the bound`;
}

function tagOf(kind: string): string {
  return kind.replace(/^tag:/, '');
}
