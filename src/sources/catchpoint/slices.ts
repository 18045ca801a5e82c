// Cuts a measurement into data points: one table of slices, a slice only where its dimension is known.

import { floatText } from '../../number-text.ts';
import type { DataPoint, Tags, TimeUnit } from '../../point.ts';
import { legalTagText } from '../../tag-text.ts';
import type { Measurement } from './measurement.ts';
import type { Node } from './nodes/node.ts';

/** The seven cuts, in the order in which their points stand. */
export const dimensions = ['node', 'asn', 'continent', 'city', 'country', 'region', 'isp'] as const;
export type Dimension = (typeof dimensions)[number];

/** `by-type`: a ping's and a traceroute's own round trip; `total`: the original's, Timing.Total for every type. */
export const rttRules = ['by-type', 'total'] as const;
export type RttRule = (typeof rttRules)[number];

export interface SliceOptions {
  /** What stands before every metric's name; already legal. */
  readonly prefix: string;
  readonly resolution: TimeUnit;
  readonly rtt: RttRule;
  /** The cuts that are wanted. */
  readonly slices: readonly Dimension[];
}

/** A cut of one node: the dimension, and the tags that every point of the cut begins with. */
interface Slice {
  readonly dimension: Dimension;
  readonly tags: Tags;
}

/** Cuts measurements of the nodes given; `without` leaves out cuts that have gone out before. */
export type Slicer = (measurement: Measurement, node: Node | undefined, without?: readonly Dimension[]) => DataPoint[];

/**
 * Makes the slicer of an installation. Of each cut come, in this order, the RTT (where one was measured), the status
 * and the extras; the error comes last. Metrics, tags and order are those of the original bridge.
 */
export function slicer(options: SliceOptions): Slicer {
  const slicesOf = rememberedSlices(dimensions.filter((dimension) => options.slices.includes(dimension)));
  return (measurement, node, without = []) => {
    const { testId, error, extras = [] } = measurement;
    const rttMs = options.rtt === 'total' ? measurement.totalMs : measurement.rttMs;
    const status = error === undefined ? 'ok' : 'error';
    const points: DataPoint[] = [];

    function add(name: string, dimension: Dimension, value: number, tags: Tags): void {
      const metric = `${options.prefix}.${name}.by_${dimension}.${testId}`;
      points.push({ metric, ...timeOf(measurement, options.resolution), value: floatText(value), tags });
    }

    for (const { dimension, tags } of slicesOf(measurement, node)) {
      if (without.includes(dimension)) continue;
      if (rttMs !== undefined) add('rtt', dimension, rttMs, tags);
      add('status', dimension, 1, { ...tags, status });
      for (const [name, value] of extras) add(name, dimension, value, tags);
    }
    if (error !== undefined && options.slices.includes('node') && !without.includes('node')) {
      const code = legalTagText(error) ?? 'unknown';
      add('error', 'node', 1, { nodeid: String(measurement.nodeId), error: code });
    }
    return points;
  };
}

/** The cuts that can be made of a measurement before its node is known. */
export function dimensionsOfPushAlone(measurement: Measurement): Dimension[] {
  return measurement.asn === undefined ? ['node'] : ['node', 'asn'];
}

function timeOf({ timeMs }: Measurement, unit: TimeUnit): Pick<DataPoint, 'timestamp' | 'unit'> {
  return { timestamp: unit === 's' ? Math.floor(timeMs / 1000) : timeMs, unit };
}

/** The slices of a node, made once for each node and AS number; a directory that is replaced brings new nodes. */
function rememberedSlices(wanted: readonly Dimension[]): (measurement: Measurement, node: Node | undefined) => readonly Slice[] {
  const byNode = new WeakMap<Node, { readonly asn: number | undefined; readonly slices: readonly Slice[] }>();
  return ({ nodeId, asn }, node) => {
    if (node === undefined) return slicesOfNode(nodeId, asn, undefined, wanted);
    const remembered = byNode.get(node);
    if (remembered !== undefined && remembered.asn === asn) return remembered.slices;
    const slices = slicesOfNode(nodeId, asn, node, wanted);
    byNode.set(node, { asn, slices });
    return slices;
  };
}

/** The push's own AS number goes before the directory's: it is the one that the run went out from. */
function slicesOfNode(nodeId: number, asn: number | undefined, node: Node | undefined, wanted: readonly Dimension[]): Slice[] {
  const nodeid = String(nodeId);
  const values: Readonly<Record<Exclude<Dimension, 'node'>, string | undefined>> = {
    asn: (asn ?? node?.asn)?.toString(),
    continent: node?.continent,
    city: node?.city,
    country: node?.country,
    region: node?.region,
    isp: node?.isp,
  };
  return wanted.flatMap((dimension): Slice[] => {
    if (dimension === 'node') return [{ dimension, tags: { nodeid } }];
    const value = values[dimension] === undefined ? undefined : legalTagText(values[dimension]);
    return value === undefined ? [] : [{ dimension, tags: { nodeid, [dimension]: value } }];
  });
}
