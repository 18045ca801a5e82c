// Settings that are right by themselves but not together.

import { parseTemplate } from '../../sinks/graphite/template.ts';
import { maxTags, reservedTags, tagsWithinBudget } from '../../sources/catchpoint/run-tags.ts';
import { urlOfTsdb } from './addresses.ts';
import { backstopSettings } from './groups/backstop.ts';
import { isFromElsewhere } from './other-program-variables.ts';
import { type Fault, faultAt, type ResolvedSettings } from './origins.ts';
import type { SettingKey } from './settings.ts';

/** What cannot both be wanted. */
export function contradictions(settled: ResolvedSettings): Fault[] {
  return [
    ...samePort(settled),
    ...telnetOverHttp(settled),
    ...noSink(settled),
    ...sameCarbon(settled),
    ...wrongTemplate(settled),
    ...noSource(settled),
    ...tagsTwice(settled),
  ];
}

function samePort({ values: { listen, adminListen }, origins }: ResolvedSettings): Fault[] {
  if (listen === undefined || adminListen === undefined || origins.adminListen.rank === 0) return [];
  if (listen.port === 0 || listen.port !== adminListen.port) return [];
  const wide = ['', '0.0.0.0', '::'];
  const meet = listen.host === adminListen.host || wide.includes(listen.host) || wide.includes(adminListen.host);
  if (!meet) return [];
  return [
    faultAt(origins.adminListen, `expected another port than that of --listen, found ${adminListen.port} for both`),
  ];
}

function telnetOverHttp({ values: { put, tsdbHost }, origins }: ResolvedSettings): Fault[] {
  if (put !== 'telnet') return [];
  return (tsdbHost ?? []).flatMap((address) => {
    const { protocol, username, pathname, host } = new URL(urlOfTsdb(address, 4242));
    const found = [
      ...(protocol === 'https:' ? ['https'] : []),
      ...(username !== '' ? ['a user'] : []),
      ...(pathname !== '/' ? [`the path ${pathname}`] : []),
    ];
    if (found.length === 0) return [];
    return [
      faultAt(origins.tsdbHost, `expected host and port alone with put telnet, found ${found.join(', ')} for ${host}`),
    ];
  });
}

function noSink(settled: ResolvedSettings): Fault[] {
  const { values, origins } = settled;
  if (values.opentsdb !== false || isFileMode(settled) || values.graphite?.length !== 0) return [];
  return [faultAt(origins.opentsdb, 'expected another place for the points, --graphite or file mode, found none')];
}

/** By hash, Carbons on one host are told apart by their instances alone. */
function sameCarbon({ values: { graphite = [], graphiteRouting }, origins }: ResolvedSettings): Fault[] {
  const places = graphite.map(({ host, port }) => `${host}:${port}`);
  const twice = places.find((place, index) => places.indexOf(place) < index);
  if (twice !== undefined) return [faultAt(origins.graphite, `expected each Carbon once, found ${twice} twice`)];
  if (graphiteRouting !== 'hash') return [];
  const nodes = graphite.map(({ host, instance = 'none' }) => `${host} with instance ${instance}`);
  const same = nodes.find((node, index) => nodes.indexOf(node) < index);
  if (same === undefined) return [];
  return [
    faultAt(
      origins.graphite,
      `expected host:port:instance for several Carbons on a host with routing hash, found ${same} twice`,
    ),
  ];
}

function wrongTemplate({ values: { graphiteTemplate, graphiteNames }, origins }: ResolvedSettings): Fault[] {
  if (graphiteTemplate === undefined || graphiteNames === undefined) return [];
  try {
    parseTemplate(graphiteTemplate, graphiteNames);
    return [];
  } catch (error) {
    return [faultAt(origins.graphiteTemplate, (error as Error).message)];
  }
}

/** A tag that has a meaning already, or two labels for one tag. */
function tagsTwice({ values: { labelTags = [] }, origins }: ResolvedSettings): Fault[] {
  const tags = labelTags.map(({ tag }) => tag);
  const twice = tags.filter((tag, at) => reservedTags.includes(tag) || tags.indexOf(tag) < at);
  return twice.map((tag) =>
    faultAt(origins.labelTags, `expected tags that are not there already, found ${tag}; tag=label names it otherwise`),
  );
}

/** Tags of the run for which OpenTSDB has no room, in words. */
export function beyondTagBudget({ values, origins }: ResolvedSettings): string[] {
  const { testAsTag = false, testNameTag = false, labelTags = [] } = values;
  const { kept, dropped } = tagsWithinBudget({ testAsTag, testNameTag, labelTags });
  if (dropped.length === 0) return [];
  const room = `OpenTSDB takes ${maxTags} tags, and beside nodeid, slice and status there is room for ${kept.join(', ')}`;
  return [`${origins.labelTags.where}: ${dropped.join(', ')}: not written, ${room}`];
}

function noSource({ values, origins }: ResolvedSettings): Fault[] {
  if (values.catchpoint !== false || values.backstop !== false) return [];
  return [faultAt(origins.catchpoint, 'expected another source with it, such as --backstop, found none')];
}

/** `-f`, or a file whose path was given in a place that counts for more. */
export function isFileMode({ values, origins }: ResolvedSettings): boolean {
  return values.fileMode === true || origins.file.rank > origins.fileMode.rank;
}

const graphiteKeys = [
  'graphiteRouting',
  'graphiteNames',
  'graphiteTemplate',
  'graphiteOmitTags',
  'graphiteTls',
  'graphiteRequired',
] as const;

const backstopKeys = (Object.keys(backstopSettings) as (keyof typeof backstopSettings)[]).filter(
  (key) => key !== 'backstop',
);

/** What was given but changes nothing, in words. */
export function withoutEffect(settled: ResolvedSettings): string[] {
  const { values, origins } = settled;
  const hosts = values.tsdbHost ?? [];
  const fileMode = isFileMode(settled);
  const isHttps = hosts.some((address) => 'url' in address && address.url.startsWith('https:'));
  const rules: readonly (readonly [key: SettingKey, holds: boolean, why: string])[] = [
    ['workers', values.catchpoint === false, "Catchpoint's pushes are not taken"],
    ['archiveDays', values.archive === undefined, 'there is no --archive'],
    ['file', !fileMode, 'file mode is off'],
    ['fileFormat', !fileMode, 'file mode is off'],
    ['tsdbHost', fileMode, 'in file mode OpenTSDB is not contacted'],
    ['tsdbPort', !fileMode && hosts.every((address) => 'url' in address), 'every --tsdb-host has a port of its own'],
    ['tsdbHeader', values.put === 'telnet', 'telnet has no headers'],
    ['tsdbCa', !isHttps, 'no --tsdb-host is https'],
    ['tsdbHost', !fileMode && values.opentsdb === false, 'OpenTSDB is not written to'],
    ...graphiteKeys.map((key) => [key, values.graphite?.length === 0, 'there is no --graphite'] as const),
    ['graphiteCa', values.graphiteTls === false, 'there is no --graphite-tls'],
    ...backstopKeys.map(
      (key) => [key, values.backstop !== true && !isFromElsewhere(settled, key), 'there is no --backstop'] as const,
    ),
  ];
  return rules
    .filter(([key, holds]) => holds && origins[key].rank > 0)
    .map(([key, , why]) => `${origins[key].where}: without effect, ${why}`);
}
