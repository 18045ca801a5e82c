// The cardinality guard bounds the new names that pushes may bring. A stranger or a mistake cannot fill the database
// with series, or OpenTSDB's UID table with names.

import type { Tags } from '../../../model/point.ts';
import { legalTagText } from '../../../model/tag-text.ts';
import type { Measurement } from '../measurement.ts';
import type { Node } from '../nodes/node.ts';
import type { RunTagger } from '../run-tags.ts';
import type { Dimension } from '../slices.ts';
import type { KnownName, KnownNames } from './known-names.ts';

export interface CardinalityBounds {
  readonly maxTests: number;
  /** Bound on nodes that the directory does not list. */
  readonly maxNodes: number;
  /** Bound for each kind of tag value. */
  readonly maxTagValues: number;
}

export interface CardinalityGuard {
  /**
   * The reason for which a run is over a bound. Undefined when it is within all bounds; then its names become known.
   * A refused run makes no name known. Metrics need no bound: their names are a closed list for each test.
   */
  refusal(measurement: Measurement, node: Node | undefined): string | undefined;
  status(): CardinalityStatus;
}

export interface CardinalityStatus {
  readonly tests: Filling;
  /** Nodes that the directory does not list. */
  readonly nodes: Filling;
  /** By the name of the tag. */
  readonly tagValues: Readonly<Record<string, Filling>>;
}

interface Filling {
  readonly known: number;
  readonly most: number;
}

/** The kind of the dead letter. */
export const overCardinality = 'cardinality';

export interface GuardOptions {
  readonly bounds: CardinalityBounds;
  readonly known: KnownNames;
  readonly tagsOfRun: RunTagger;
  /** The dimensions that are written. Names of other dimensions do not count. */
  readonly slices: readonly Dimension[];
}

/** A run without new names costs one look-up for each name. */
export function cardinalityGuard(options: GuardOptions): CardinalityGuard {
  const { known, bounds } = options;
  return {
    refusal(measurement, node) {
      const { testId, asn, error } = measurement;
      const tags = options.tagsOfRun(measurement);
      const hasOnlyTest =
        node !== undefined && error === undefined && tags === undefined && (asn === undefined || asn === node.asn);
      if (hasOnlyTest && known.has('test', String(testId))) return undefined;
      const unknown: KnownName[] = [];
      for (const name of namesOf(measurement, node, tags, options)) {
        const [kind] = name;
        if (known.has(...name)) continue;
        if (known.count(kind) >= boundOf(kind, bounds)) return refusalOf(name, bounds);
        unknown.push(name);
      }
      if (unknown.length > 0) known.learn(unknown);
      return undefined;
    },
    status: () => statusOf(options),
  };
}

function statusOf({ bounds, known }: GuardOptions): CardinalityStatus {
  const filling = (kind: string): Filling => ({ known: known.count(kind), most: boundOf(kind, bounds) });
  const tagKinds = known.kinds().filter((kind) => kind !== 'test' && kind !== 'node');
  return {
    tests: filling('test'),
    nodes: filling('node'),
    tagValues: Object.fromEntries(tagKinds.map((kind) => [tagOf(kind), filling(kind)])),
  };
}

/** The names that a run brings, without those that the directory has. */
function namesOf(
  measurement: Measurement,
  node: Node | undefined,
  tags: Tags | undefined,
  { slices }: GuardOptions,
): KnownName[] {
  const { testId, nodeId, asn, error } = measurement;
  const names: KnownName[] = [['test', String(testId)]];
  if (node === undefined) names.push(['node', String(nodeId)]);
  if (asn !== undefined && asn !== node?.asn && slices.includes('asn')) names.push(['asn', String(asn)]);
  if (error !== undefined && slices.includes('node')) names.push(['error', legalTagText(error) ?? 'unknown']);
  for (const tag in tags) if (tag !== 'testid') names.push([`tag:${tag}`, tags[tag] as string]);
  return names;
}

function boundOf(kind: string, { maxTests, maxNodes, maxTagValues }: CardinalityBounds): number {
  return kind === 'test' ? maxTests : kind === 'node' ? maxNodes : maxTagValues;
}

function refusalOf([kind, name]: KnownName, bounds: CardinalityBounds): string {
  const most = boundOf(kind, bounds);
  if (kind === 'test')
    return `test ${name}: not seen before, and ${most} tests are known; --max-tests raises the bound`;
  if (kind === 'node')
    return `node ${name}: in no listing, not seen before, and ${most} such nodes are known; --max-nodes raises the bound`;
  return `${tagOf(kind)}=${name}: not seen before, and ${most} values of ${tagOf(kind)} are known; --max-tag-values raises the bound`;
}

function tagOf(kind: string): string {
  return kind.replace(/^tag:/, '');
}
