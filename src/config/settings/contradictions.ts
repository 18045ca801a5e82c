// Checks across settings: combinations that contradict each other, and settings without effect.

import { backstopSinkName } from '../../sinks/backstop/publish-address.ts';
import { parseTemplate } from '../../sinks/graphite/template.ts';
import { maxTags, reservedTags, tagsWithinBudget } from '../../sources/catchpoint/run-tags.ts';
import { urlOfTsdb } from './addresses.ts';
import { backstopSettings } from './groups/backstop.ts';
import { dockerSettings } from './groups/docker.ts';
import { isFromOtherProgram } from './other-program-variables.ts';
import { type Fault, faultAt, type ResolvedSettings } from './origins.ts';
import type { SettingKey } from './settings.ts';

export function contradictions(resolved: ResolvedSettings): Fault[] {
  return [
    ...samePort(resolved),
    ...telnetOverHttp(resolved),
    ...noSink(resolved),
    ...sameCarbon(resolved),
    ...sameBackstop(resolved),
    ...wrongTemplate(resolved),
    ...noSource(resolved),
    ...tagsTwice(resolved),
  ];
}

function samePort({ values: { listen, adminListen }, origins }: ResolvedSettings): Fault[] {
  if (listen === undefined || adminListen === undefined || origins.adminListen.rank === 0) return [];
  if (listen.port === 0 || listen.port !== adminListen.port) return [];
  const allInterfaces = ['', '0.0.0.0', '::'];
  const hosts = [listen.host, adminListen.host];
  if (hosts[0] !== hosts[1] && !hosts.some((host) => allInterfaces.includes(host))) return [];
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

function noSink(resolved: ResolvedSettings): Fault[] {
  const { values, origins } = resolved;
  const hasOther = values.graphite?.length !== 0 || values.backstopSink?.length !== 0;
  if (values.opentsdb !== false || isFileMode(resolved) || hasOther) return [];
  const expected = 'expected another place for the points, --graphite, --backstop-sink or file mode';
  return [faultAt(origins.opentsdb, `${expected}, found none`)];
}

/** With routing `hash`, Carbons on the same host differ only in their instances. */
function sameCarbon({ values: { graphite = [], graphiteRouting }, origins }: ResolvedSettings): Fault[] {
  const places = graphite.map(({ host, port }) => `${host}:${port}`);
  const twice = places.find((place, index) => places.indexOf(place) < index);
  if (twice !== undefined) return [faultAt(origins.graphite, `expected each Carbon once, found ${twice} twice`)];
  if (graphiteRouting !== 'hash') return [];
  const names = graphite.map(({ host, instance = 'none' }) => `${host} with instance ${instance}`);
  const same = names.find((name, index) => names.indexOf(name) < index);
  if (same === undefined) return [];
  return [
    faultAt(
      origins.graphite,
      `expected host:port:instance for several Carbons on a host with routing hash, found ${same} twice`,
    ),
  ];
}

/** The spool stores a position under the name of each sink. */
function sameBackstop({ values: { backstopSink = [] }, origins }: ResolvedSettings): Fault[] {
  const names = backstopSink.map(backstopSinkName);
  const twice = names.find((name, index) => names.indexOf(name) < index)?.replace('backstop:', '');
  return twice === undefined ? [] : [faultAt(origins.backstopSink, `expected each URL once, found ${twice} twice`)];
}

/** Warnings for URLs that are probably no Backstop's. They are posted to all the same. */
export function unusualPublishUrls({ values: { backstopSink = [] }, origins }: ResolvedSettings): string[] {
  return backstopSink
    .map((text) => new URL(text))
    .filter(({ pathname }) => !/\/publish\/[^/]+$/.test(pathname))
    .map(({ host, pathname }) => {
      const found = `expected a path that ends in /publish/PREFIX, found ${host}${pathname}`;
      return `${origins.backstopSink.where}: ${found}, which is posted to as it is`;
    });
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

/** Labels whose tag is reserved, or is another label's. */
function tagsTwice({ values: { labelTags = [] }, origins }: ResolvedSettings): Fault[] {
  const tags = labelTags.map(({ tag }) => tag);
  const twice = tags.filter((tag, at) => reservedTags.includes(tag) || tags.indexOf(tag) < at);
  return twice.map((tag) =>
    faultAt(origins.labelTags, `expected tags that are not there already, found ${tag}; tag=label names it otherwise`),
  );
}

/** A warning for run tags beyond the maximum of OpenTSDB. */
export function beyondTagBudget({ values, origins }: ResolvedSettings): string[] {
  const { testAsTag = false, testNameTag = false, labelTags = [] } = values;
  const { kept, dropped } = tagsWithinBudget({ testAsTag, testNameTag, labelTags });
  if (dropped.length === 0) return [];
  const room = `OpenTSDB takes ${maxTags} tags, and beside nodeid, slice and status there is room for ${kept.join(', ')}`;
  return [`${origins.labelTags.where}: ${dropped.join(', ')}: not written, ${room}`];
}

function noSource({ values, origins, texts }: ResolvedSettings): Fault[] {
  if (values.catchpoint !== false || values.backstop !== false || texts.docker.length > 0) return [];
  return [faultAt(origins.catchpoint, 'expected another source with it, such as --backstop or --docker, found none')];
}

/** Switched on by --file-mode, or by --file from an origin above that of --no-file-mode. */
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

const backstopSinkKeys = ['backstopSinkNames', 'backstopSinkRequired'] as const;

const backstopKeys = (Object.keys(backstopSettings) as (keyof typeof backstopSettings)[]).filter(
  (key) => key !== 'backstop',
);

function hasHttps(urls: readonly string[] = []): boolean {
  return urls.some((url) => url.startsWith('https:'));
}

const dockerKeys = (Object.keys(dockerSettings) as (keyof typeof dockerSettings)[]).filter((key) => key !== 'docker');

type Ineffective = readonly [key: SettingKey, isIneffective: boolean, reason: string];

/** Docker's own variables are for other programs too, so they are no mistake. */
function dockerWithoutEffect(resolved: ResolvedSettings): readonly Ineffective[] {
  const { docker, dockerNaming, dockerTls } = resolved.values;
  const isGiven = (key: (typeof dockerKeys)[number]): boolean => !isFromOtherProgram(resolved, key);
  if (docker === undefined && resolved.texts.docker.length > 0) return [];
  if (docker === undefined) return dockerKeys.map((key) => [key, isGiven(key), 'there is no --docker'] as const);
  const hasNoTls = /^(unix|http):/.test(docker) || (docker.startsWith('tcp:') && dockerTls === false);
  return [
    ['dockerTls', isGiven('dockerTls') && /^(unix|http):/.test(docker), 'only tcp:// and https:// have TLS'],
    ['dockerCertPath', isGiven('dockerCertPath') && hasNoTls, 'the engine is reached without TLS'],
    ['dockerLabels', dockerNaming === 'legacy', 'legacy names have no tags'],
  ];
}

/** Warnings for settings that change nothing. */
export function withoutEffect(resolved: ResolvedSettings): string[] {
  const { values, origins } = resolved;
  const hosts = values.tsdbHost ?? [];
  const isInFileMode = isFileMode(resolved);
  const isHttps = hosts.some((address) => 'url' in address && address.url.startsWith('https:'));
  const rules: readonly Ineffective[] = [
    ['workers', values.catchpoint === false, "Catchpoint's pushes are not taken"],
    ['archiveDays', values.archive === undefined, 'there is no --archive'],
    ['file', !isInFileMode, 'file mode is off'],
    ['fileFormat', !isInFileMode, 'file mode is off'],
    ['tsdbHost', isInFileMode, 'in file mode OpenTSDB is not contacted'],
    [
      'tsdbPort',
      !isInFileMode && hosts.every((address) => 'url' in address),
      'every --tsdb-host has a port of its own',
    ],
    ['tsdbHeader', values.put === 'telnet', 'telnet has no headers'],
    ['tsdbCa', !isHttps, 'no --tsdb-host is https'],
    ['tsdbHost', !isInFileMode && values.opentsdb === false, 'OpenTSDB is not written to'],
    ...graphiteKeys.map((key) => [key, values.graphite?.length === 0, 'there is no --graphite'] as const),
    ['graphiteCa', values.graphiteTls === false, 'there is no --graphite-tls'],
    ...backstopSinkKeys.map((key) => [key, values.backstopSink?.length === 0, 'there is no --backstop-sink'] as const),
    ['backstopSinkCa', !hasHttps(values.backstopSink), 'no --backstop-sink is https'],
    ...backstopKeys.map(
      (key) => [key, values.backstop !== true && !isFromOtherProgram(resolved, key), 'there is no --backstop'] as const,
    ),
  ];
  return [...rules, ...dockerWithoutEffect(resolved)]
    .filter(([key, isIneffective]) => isIneffective && origins[key].rank > 0)
    .map(([key, , reason]) => `${origins[key].where}: without effect, ${reason}`);
}
