// Cuts a measurement into data points: one table of slices, a slice only where its dimension is known.

import { floatText } from '../../number-text.ts';
import type { DataPoint, Tags, TimeUnit } from '../../point.ts';
import { legalTagText } from '../../tag-text.ts';
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

/** A cut of one node: the dimension, and the tags that every point of the cut begins with; those of its statuses, made once. */
interface Slice {
  readonly dimension: Dimension;
  readonly tags: Tags;
  readonly statusTags: Readonly<Record<Status, Tags>>;
}

type Status = 'ok' | 'error';

/** Cuts measurements of the nodes given; `without` leaves out cuts that have gone out before. */
export type Slicer = (measurement: Measurement, node: Node | undefined, without?: readonly Dimension[]) => DataPoint[];

/**
 * Makes the slicer of an installation. Of each cut come, in this order, the RTT (where one was measured), the status
 * and the extras; the error comes last. Metrics, tags and order are those of the original bridge, unless the test is wanted
 * as a tag; the tags of the run stand behind those of the slice.
 */
export function slicer(options: SliceOptions, overrideOf: OverrideOf = () => undefined): Slicer {
  const slicesOf = rememberedSlices(dimensions.filter((dimension) => options.slices.includes(dimension)), overrideOf);
  const tagsOfRun = runTagger(options);
  return (measurement, node, without = []) => {
    const { testId, error, extras = [] } = measurement;
    const rttMs = options.rtt === 'total' ? measurement.totalMs : measurement.rttMs;
    const status: Status = error === undefined ? 'ok' : 'error';
    const time = timeOf(measurement, options.resolution);
    const runTags = tagsOfRun(measurement);
    const tail = options.testAsTag === true ? '' : `.${testId}`;
    const points: DataPoint[] = [];

    function add(name: string, dimension: Dimension, value: number, own: Tags): void {
      const metric = `${options.prefix}.${name}.by_${dimension}${tail}`;
      const tags = runTags === undefined ? own : { ...own, ...runTags };
      points.push({ metric, timestamp: time.timestamp, unit: time.unit, value: floatText(value), tags });
    }

    for (const { dimension, tags, statusTags } of slicesOf(measurement, node)) {
      if (without.includes(dimension)) continue;
      if (rttMs !== undefined) add('rtt', dimension, rttMs, tags);
      add('status', dimension, 1, statusTags[status]);
      for (const [name, value] of extras) add(name, dimension, value, tags);
    }
    if (error !== undefined && options.slices.includes('node') && !without.includes('node')) {
      const code = legalTagText(error) ?? 'unknown';
      add('error', 'node', 1, { nodeid: String(measurement.nodeId), error: code });
    }
    return points;
  };
}

/** The tag values that a node brings to the slices that are wanted, its own AS number among them. */
export function tagValuesOf(node: Node, override: NodeOverride | undefined, wanted: readonly Dimension[]): Partial<Record<Dimension, string>> {
  const slices = slicesOfNode(node.id, { ...node, ...override }, wanted).filter(({ dimension }) => dimension !== 'node');
  return Object.fromEntries(slices.map(({ dimension, tags }) => [dimension, tags[dimension]]));
}

/** The cuts that can be made of a measurement before its node is known. */
export function dimensionsOfPushAlone(measurement: Measurement): Dimension[] {
  return measurement.asn === undefined ? ['node'] : ['node', 'asn'];
}

function timeOf({ timeMs }: Measurement, unit: TimeUnit): Pick<DataPoint, 'timestamp' | 'unit'> {
  return { timestamp: unit === 's' ? Math.floor(timeMs / 1000) : timeMs, unit };
}

/** The slices of a node, made once for each node, AS number and override; a directory that is replaced brings new nodes. */
function rememberedSlices(
  wanted: readonly Dimension[],
  overrideOf: OverrideOf,
): (measurement: Measurement, node: Node | undefined) => readonly Slice[] {
  const byNode = new WeakMap<Node, { readonly asn: number | undefined; readonly override: NodeOverride | undefined; readonly slices: readonly Slice[] }>();
  return ({ nodeId, asn }, node) => {
    const override = overrideOf(nodeId);
    if (node === undefined) return slicesOfUnknown(nodeId, asn, override, wanted);
    const remembered = byNode.get(node);
    if (remembered !== undefined && remembered.asn === asn && remembered.override === override) return remembered.slices;
    const slices = slicesOfNode(nodeId, { ...node, asn: asn ?? node.asn, ...override }, wanted);
    byNode.set(node, { asn, override, slices });
    return slices;
  };
}

/** Of an override counts what goes out before the node is known: the rest follows when it is. */
function slicesOfUnknown(nodeId: number, asn: number | undefined, override: NodeOverride | undefined, wanted: readonly Dimension[]): Slice[] {
  return slicesOfNode(nodeId, { asn: asn === undefined ? undefined : (override?.asn ?? asn) }, wanted);
}

type Values = { readonly [dimension in Exclude<Dimension, 'node'>]?: Node[dimension] | undefined };

/** An override's AS number goes before the push's own, and that before the directory's: it is the one that the run went out from. */
function slicesOfNode(nodeId: number, values: Values, wanted: readonly Dimension[]): Slice[] {
  const nodeid = String(nodeId);
  return wanted.flatMap((dimension): Slice[] => {
    if (dimension === 'node') return [sliceOf(dimension, { nodeid })];
    const value = values[dimension] === undefined ? undefined : legalTagText(String(values[dimension]));
    return value === undefined ? [] : [sliceOf(dimension, { nodeid, [dimension]: value })];
  });
}

function sliceOf(dimension: Dimension, tags: Tags): Slice {
  return { dimension, tags, statusTags: { ok: { ...tags, status: 'ok' }, error: { ...tags, status: 'error' } } };
}
