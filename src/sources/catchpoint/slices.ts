// Cuts a measurement into data points: one table of slices, a slice only where its dimension is known. What the points share is said once.

import { floatText } from '../../model/number-text.ts';
import type { Cut, Cuts, DataPoint, FactoredPoints, Series, Tags, TimeUnit } from '../../model/point.ts';
import { legalTagText } from '../../model/tag-text.ts';
import type { Measurement } from './measurement.ts';
import type { NodeOverride } from './nodes/node-overrides.ts';
import type { Node } from './nodes/node.ts';
import { runTagger, type RunTagOptions } from './run-tags.ts';

/** The seven cuts, in the order in which their points stand. */
export const dimensions = ['node', 'asn', 'continent', 'city', 'country', 'region', 'isp'] as const;
export type Dimension = (typeof dimensions)[number];

/** `by-type`: a ping's and a traceroute's own round trip; `total`: the original's, Timing.Total for every type. */
export const rttRules = ['by-type', 'total'] as const;
export type RttRule = (typeof rttRules)[number];

export interface SliceOptions extends RunTagOptions {
  /** What stands before every metric's name; already legal. */
  readonly prefix: string;
  readonly resolution: TimeUnit;
  readonly rtt: RttRule;
  /** The cuts that are wanted. */
  readonly slices: readonly Dimension[];
}

/** What is said of a node in place of what the directory says; asked for each measurement. */
export type OverrideOf = (nodeId: number) => NodeOverride | undefined;

/** Cuts measurements of the nodes given; `without` leaves out cuts that have gone out before. */
export type Slicer = (
  measurement: Measurement,
  node: Node | undefined,
  without?: readonly Dimension[],
) => FactoredPoints;

const ofStatus = { ok: { status: 'ok' }, error: { status: 'error' } } as const;
const none: readonly DataPoint[] = [];

/**
 * Makes the slicer of an installation. Of each cut come, in this order, the RTT (where one was measured), the status
 * and the extras; the error comes last. Metrics, tags and order are those of the original bridge, unless the test is wanted
 * as a tag; the tags of the run stand behind those of the slice.
 */
export function slicer(options: SliceOptions, overrideOf: OverrideOf = () => undefined): Slicer {
  const cutsOf = rememberedCuts(
    dimensions.filter((dimension) => options.slices.includes(dimension)),
    overrideOf,
  );
  const tagsOfRun = runTagger(options);
  /** Of extras there is a closed list. */
  const stems = new Map<string, string>();
  function stemOf(name: string): string {
    const stem = stems.get(name) ?? `${options.prefix}.${name}.by_`;
    stems.set(name, stem);
    return stem;
  }
  const rttStem = stemOf('rtt');
  const ok: Series = { stem: stemOf('status'), value: floatText(1), tags: ofStatus.ok };
  const failed: Series = { ...ok, tags: ofStatus.error };
  const showsErrors = options.slices.includes('node');
  return (measurement, node, without) => {
    const { testId, timeMs, error, extras } = measurement;
    const rttMs = options.rtt === 'total' ? measurement.totalMs : measurement.rttMs;
    const status = error === undefined ? ok : failed;
    const series =
      rttMs === undefined ? [status] : [{ stem: rttStem, value: floatText(rttMs), tags: undefined }, status];
    if (extras !== undefined)
      for (const [name, value] of extras) series.push({ stem: stemOf(name), value: floatText(value), tags: undefined });
    const all = cutsOf(measurement, node);
    const points: FactoredPoints = {
      timestamp: options.resolution === 's' ? Math.floor(timeMs / 1000) : timeMs,
      unit: options.resolution,
      tail: options.testAsTag === true ? '' : `.${testId}`,
      series,
      cuts:
        without === undefined || without.length === 0
          ? all
          : { tags: all.tags, cuts: all.cuts.filter(([name]) => !without.includes(name as Dimension)) },
      tags: tagsOfRun(measurement),
      rest: none,
    };
    if (error === undefined || !showsErrors || without?.includes('node') === true) return points;
    return { ...points, rest: [errorPoint(`${stemOf('error')}node${points.tail}`, points, all.tags, error)] };
  };
}

function errorPoint(metric: string, { timestamp, unit, tags }: FactoredPoints, ofNode: Tags, error: string): DataPoint {
  return {
    metric,
    timestamp,
    unit,
    value: floatText(1),
    tags: { ...ofNode, error: legalTagText(error) ?? 'unknown', ...tags },
  };
}

/** The tag values that a node brings to the slices that are wanted, its own AS number among them. */
export function tagValuesOf(
  node: Node,
  override: NodeOverride | undefined,
  wanted: readonly Dimension[],
): Partial<Record<Dimension, string>> {
  const { cuts } = cutsOfNode(node.id, { ...node, ...override }, wanted);
  return Object.fromEntries(cuts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** The cuts that can be made of a measurement before its node is known. */
export function dimensionsOfPushAlone(measurement: Measurement): Dimension[] {
  return measurement.asn === undefined ? ['node'] : ['node', 'asn'];
}

/** The cuts of a node, made once for each node, AS number and override; a directory that is replaced brings new nodes. */
function rememberedCuts(
  wanted: readonly Dimension[],
  overrideOf: OverrideOf,
): (measurement: Measurement, node: Node | undefined) => Cuts {
  const byNode = new WeakMap<
    Node,
    { readonly asn: number | undefined; readonly override: NodeOverride | undefined; readonly cuts: Cuts }
  >();
  return ({ nodeId, asn: ownAsn }, node) => {
    const override = overrideOf(nodeId);
    if (node === undefined) return cutsOfUnknown(nodeId, ownAsn, override, wanted);
    const asn = ownAsn ?? node.asn;
    const remembered = byNode.get(node);
    if (remembered !== undefined && remembered.asn === asn && remembered.override === override) return remembered.cuts;
    const cuts = cutsOfNode(nodeId, { ...node, asn, ...override }, wanted);
    byNode.set(node, { asn, override, cuts });
    return cuts;
  };
}

/** Of an override counts what goes out before the node is known: the rest follows when it is. */
function cutsOfUnknown(
  nodeId: number,
  asn: number | undefined,
  override: NodeOverride | undefined,
  wanted: readonly Dimension[],
): Cuts {
  return cutsOfNode(nodeId, { asn: asn === undefined ? undefined : (override?.asn ?? asn) }, wanted);
}

type Values = { readonly [dimension in Exclude<Dimension, 'node'>]?: Node[dimension] | undefined };

/** An override's AS number goes before the push's own, and that before the directory's: it is the one that the run went out from. */
function cutsOfNode(nodeId: number, values: Values, wanted: readonly Dimension[]): Cuts {
  const cuts = wanted.flatMap((dimension): Cut[] => {
    if (dimension === 'node') return [[dimension]];
    const value = values[dimension] === undefined ? undefined : legalTagText(String(values[dimension]));
    return value === undefined ? [] : [[dimension, value]];
  });
  return { tags: { nodeid: String(nodeId) }, cuts };
}
