// Names figures: as points with tags, or by the dotted names of docker-stats-to-backstop.

import type { DataPoint, Tags, TimeUnit } from '../../../model/point.ts';
import { legalTagText } from '../../../model/tag-text.ts';
import { dottedPath, legalTags, metricName } from '../../legal-name.ts';
import type { Figure } from '../figures/figure.ts';
import { imageText, shortId } from './image.ts';
import { type LabelTag, splitLabelTags } from './labels.ts';

export interface NameSettings {
  readonly naming: 'legacy' | 'tags';
  /** The first part of every metric, with a dot behind it; empty: none. */
  readonly prefix: string;
  readonly hostname: string;
  /** The unit of timestamps. */
  readonly unit: TimeUnit;
  readonly labelTags: readonly LabelTag[];
  /** `original`: those of docker-stats-to-backstop alone. */
  readonly figures: 'all' | 'original';
}

export interface NamedContainer {
  /** After the rules. The first digits of the id take its place if nothing legal is left of it. */
  readonly name: string;
  readonly id: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface HostFigures {
  /** Containers that the poll listed. */
  readonly total: number;
  /** Containers by state, such as `running`; a Map, or the entries of an object. */
  readonly byState: Iterable<readonly [state: string, count: number]>;
  /** Containers that gave figures, by the category of their rule, in the order first met. */
  readonly byCategory: Iterable<readonly [category: string, count: number]>;
  /** The time that the poll took. */
  readonly pollDurationNs: number | bigint;
  /** Polls in progress, this one included. In `legacy` naming alone. */
  readonly threads: number;
}

export interface Names {
  /**
   * @param category - of the rule that matched; undefined: none
   * @param atMs - ms since 1970 UTC
   */
  containerPoints(
    container: NamedContainer,
    category: string | undefined,
    figures: readonly Figure[],
    atMs: number,
  ): DataPoint[];
  /** @param atMs - ms since 1970 UTC */
  hostPoints(host: HostFigures, atMs: number): DataPoint[];
  /** Equal for two containers whose points would be the same series. */
  seriesKey(container: NamedContainer, category: string | undefined): string;
}

/** Every name is legal by faultOf of src/model/legal-point.ts; in `legacy` naming points have no tags. */
export function namesOf(settings: NameSettings): Names {
  const names = settings.naming === 'legacy' ? legacyNames(settings) : taggedNames(settings);
  if (settings.figures === 'all') return names;
  return {
    ...names,
    containerPoints: (container, category, figures, atMs) =>
      names.containerPoints(
        container,
        category,
        figures.filter(({ isOriginal }) => isOriginal),
        atMs,
      ),
    hostPoints: (host, atMs) => names.hostPoints({ ...host, byState: [] }, atMs),
  };
}

function legacyNames({ prefix, hostname, unit }: NameSettings): Names {
  const host = dottedPath(prefix, dottedPath(hostname) || 'unknown');
  const nameOf = ({ name, id }: NamedContainer): string => dottedPath(prefix, dottedPath(name) || shortId(id));
  return {
    containerPoints: (container, _category, figures, atMs) => {
      const name = nameOf(container);
      const time = timeOf(atMs, unit);
      // A dot in an interface's name would be a level of the path.
      const nodeOf = remembered((text: string) => dottedPath(text.replaceAll('.', '_')) || '_');
      return figures.map((figure) => ({
        metric: `${name}.${nameWithin(figure, nodeOf)}`,
        ...time,
        value: figure.value,
        tags: {},
      }));
    },
    hostPoints: ({ total, byState, byCategory, pollDurationNs, threads }, atMs) => {
      const counts = [
        // docker-stats-to-backstop sent the total behind a category of that name, and Carbon stored the last.
        ...[...summed(byCategory, dottedPath)]
          .filter(([category]) => category !== 'total')
          .map(([category, count]) => [`containers.${category}`, count] as const),
        ['containers.total', total] as const,
        ['metrics.threads', threads] as const,
        ['metrics.duration', pollDurationNs] as const,
        ...[...summed(byState, dottedPath)].map(([state, count]) => [`containers.state.${state}`, count] as const),
      ];
      return counts.map(([name, count]) => ({
        metric: dottedPath(host, name),
        ...timeOf(atMs, unit),
        value: integerText(count),
        tags: {},
      }));
    },
    seriesKey: nameOf,
  };
}

/** `network.eth0.rx_bytes` for an interface. */
function nameWithin({ name, interfaceName }: Figure, nodeOf: (interfaceName: string) => string): string {
  if (interfaceName === undefined) return name;
  return name.replace(/^network\./, () => `network.${nodeOf(interfaceName)}.`);
}

function taggedNames({ prefix, hostname, unit, labelTags }: NameSettings): Names {
  const { used } = splitLabelTags(labelTags);
  const host = legalTagText(hostname) ?? 'unknown';
  const tagsOf = ({ name, id, image, labels }: NamedContainer, category: string | undefined): Tags => ({
    host,
    ...legalTags({ container: legalTagText(name) ?? shortId(id), image: imageText(image), category }),
    ...legalTags(
      Object.fromEntries(used.map(({ label, tag }) => [tag, Object.hasOwn(labels, label) ? labels[label] : undefined])),
    ),
  });
  const metricOf = remembered((figure: string) => metricName(prefix, figure));
  const pointOf = (figure: string, tags: Tags, value: string, atMs: number): DataPoint => ({
    metric: metricOf(figure),
    ...timeOf(atMs, unit),
    value,
    tags,
  });
  return {
    containerPoints: (container, category, figures, atMs) => {
      const tags = tagsOf(container, category);
      const tagsWith = remembered((name: string) => ({ ...tags, interface: legalTagText(name) ?? 'unknown' }));
      return figures.map(({ name, value, interfaceName }) =>
        interfaceName === undefined
          ? pointOf(name, tags, value, atMs)
          : pointOf(name.replace(/^network\./, 'network.interface.'), tagsWith(interfaceName), value, atMs),
      );
    },
    hostPoints: ({ total, byState, byCategory, pollDurationNs }, atMs) => [
      ...[...summed(byCategory, legalTagText)].map(([category, count]) =>
        pointOf('host.containers.category', { host, category }, integerText(count), atMs),
      ),
      pointOf('host.containers.total', { host }, integerText(total), atMs),
      pointOf('host.poll.duration', { host }, integerText(pollDurationNs), atMs),
      ...[...summed(byState, legalTagText)].map(([state, count]) =>
        pointOf('host.containers.state', { host, state }, integerText(count), atMs),
      ),
    ],
    seriesKey: (container, category) => JSON.stringify(Object.entries(tagsOf(container, category))),
  };
}

/** Calls a function once for each text. For a small set of texts: nothing is forgotten. */
function remembered<T>(of: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const made = of(text);
    known.set(text, made);
    return made;
  };
}

/** Adds up counts whose names become the same legal name: they are one series. A name of which nothing is left has none. */
function summed(
  counts: Iterable<readonly [string, number]>,
  legal: (text: string) => string | undefined,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [text, count] of counts) {
    const name = legal(text) ?? '';
    if (name !== '') sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return sums;
}

function timeOf(atMs: number, unit: TimeUnit): Pick<DataPoint, 'timestamp' | 'unit'> {
  return { timestamp: Math.floor(unit === 's' ? atMs / 1000 : atMs), unit };
}

function integerText(value: number | bigint): string {
  return typeof value === 'bigint' ? String(value) : BigInt(Math.round(value)).toString();
}
