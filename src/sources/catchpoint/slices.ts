// Cuts a measurement into slices: one set of data points for each known dimension of its node.

import { floatText } from '../../model/number-text.ts';
import type { Cut, Cuts, DataPoint, FactoredPoints, Series, Tags, TimeUnit } from '../../model/point.ts';
import { legalTagText } from '../../model/tag-text.ts';
import type { Measurement } from './measurement.ts';
import type { NodeOverride } from './nodes/node-overrides.ts';
import type { Node } from './nodes/node.ts';
import { runTagger, type RunTagOptions } from './run-tags.ts';

/** The seven dimensions, in the order of their points. */
export const dimensions = ['node', 'asn', 'continent', 'city', 'country', 'region', 'isp'] as const;
export type Dimension = (typeof dimensions)[number];

/** `by-type`: the RTT for the type of test. `total`: Timing.Total for every type, as the original bridge. */
export const rttRules = ['by-type', 'total'] as const;
export type RttRule = (typeof rttRules)[number];

export interface SliceOptions extends RunTagOptions {
  /** First part of every metric's name; legal in OpenTSDB. */
  readonly prefix: string;
  readonly resolution: TimeUnit;
  readonly rtt: RttRule;
  /** The dimensions to write. */
  readonly slices: readonly Dimension[];
}

/** Looks up a node's override. Called for each measurement, since the overrides may be reloaded. */
export type OverrideOf = (nodeId: number) => NodeOverride | undefined;

/** @param without - dimensions to omit, because their points were delivered earlier */
export type Slicer = (
  measurement: Measurement,
  node: Node | undefined,
  without?: readonly Dimension[],
) => FactoredPoints;

const statusTags = { ok: { status: 'ok' }, error: { status: 'error' } } as const;
const none: readonly DataPoint[] = [];

/**
 * Each slice has the RTT, when one was measured, then the status, then the extras. The error point comes last.
 * Metrics, tags and their order are those of the original bridge, except with `testAsTag`. The run tags come last.
 */
export function slicer(options: SliceOptions, overrideOf: OverrideOf = () => undefined): Slicer {
  const cutsOf = cachedCuts(
    dimensions.filter((dimension) => options.slices.includes(dimension)),
    overrideOf,
  );
  const tagsOfRun = runTagger(options);
  /** Bounded: extra-metrics.ts is a closed list. */
  const stems = new Map<string, string>();
  function stemOf(name: string): string {
    const stem = stems.get(name) ?? `${options.prefix}.${name}.by_`;
    stems.set(name, stem);
    return stem;
  }
  const rttStem = stemOf('rtt');
  const ok: Series = { stem: stemOf('status'), value: floatText(1), tags: statusTags.ok };
  const failed: Series = { ...ok, tags: statusTags.error };
  const hasErrorPoint = options.slices.includes('node');
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
    if (error === undefined || !hasErrorPoint || without?.includes('node') === true) return points;
    return { ...points, rest: [errorPoint(`${stemOf('error')}node${points.tail}`, points, all.tags, error)] };
  };
}

function errorPoint(
  metric: string,
  { timestamp, unit, tags }: FactoredPoints,
  nodeTags: Tags,
  error: string,
): DataPoint {
  return {
    metric,
    timestamp,
    unit,
    value: floatText(1),
    tags: { ...nodeTags, error: legalTagText(error) ?? 'unknown', ...tags },
  };
}

/** The tag value of each dimension of a node, with the AS number of the directory. */
export function tagValuesOf(
  node: Node,
  override: NodeOverride | undefined,
  wanted: readonly Dimension[],
): Partial<Record<Dimension, string>> {
  const { cuts } = cutsOfNode(node.id, { ...node, ...override }, wanted);
  return Object.fromEntries(cuts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** The dimensions that a measurement has before its node is known. */
export function dimensionsWithoutNode(measurement: Measurement): Dimension[] {
  return measurement.asn === undefined ? ['node'] : ['node', 'asn'];
}

interface CachedCuts {
  readonly asn: number | undefined;
  readonly override: NodeOverride | undefined;
  readonly cuts: Cuts;
}

/** Caches the cuts of each node. A new AS number, override or node object replaces them. */
function cachedCuts(
  wanted: readonly Dimension[],
  overrideOf: OverrideOf,
): (measurement: Measurement, node: Node | undefined) => Cuts {
  const byNode = new WeakMap<Node, CachedCuts>();
  return ({ nodeId, asn: pushAsn }, node) => {
    const override = overrideOf(nodeId);
    if (node === undefined) return cutsOfUnknown(nodeId, pushAsn, override, wanted);
    // An override's AS number comes first, then the push's, which is where the run took place, then the directory's.
    const asn = pushAsn ?? node.asn;
    const cached = byNode.get(node);
    if (cached !== undefined && cached.asn === asn && cached.override === override) return cached.cuts;
    const cuts = cutsOfNode(nodeId, { ...node, asn, ...override }, wanted);
    byNode.set(node, { asn, override, cuts });
    return cuts;
  };
}

/** Uses no field of the override but the AS number. The other slices follow once the node is known. */
function cutsOfUnknown(
  nodeId: number,
  asn: number | undefined,
  override: NodeOverride | undefined,
  wanted: readonly Dimension[],
): Cuts {
  return cutsOfNode(nodeId, { asn: asn === undefined ? undefined : (override?.asn ?? asn) }, wanted);
}

type DimensionValues = { readonly [dimension in Exclude<Dimension, 'node'>]?: Node[dimension] | undefined };

function cutsOfNode(nodeId: number, values: DimensionValues, wanted: readonly Dimension[]): Cuts {
  const cuts = wanted.flatMap((dimension): Cut[] => {
    if (dimension === 'node') return [[dimension]];
    const value = values[dimension] === undefined ? undefined : legalTagText(String(values[dimension]));
    return value === undefined ? [] : [[dimension, value]];
  });
  return { tags: { nodeid: String(nodeId) }, cuts };
}
