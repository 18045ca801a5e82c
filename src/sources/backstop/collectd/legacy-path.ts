// Backstop's paths for collectd's values, without its losses: no data source is dropped, and what it let collapse onto one path is kept
// apart by the part that it left out.

import { under } from '../exact-json.ts';
import { dottedPath } from '../legal-name.ts';
import type { ValueList } from './value-list.ts';

/** The path of each data source below the host's, in the order of the data sources. */
type Paths = (list: ValueList) => readonly string[];

/** The paths of a value list, in the order of its data sources. */
export function legacyPaths(list: ValueList): string[] {
  const below = under(byPlugin, list.plugin) ?? universal;
  return below(list).map((path) => dottedPath('mitt', hostPath(list.host), path));
}

/**
 * A host's path: its last label, below it the one before, below that all others joined by dashes, read backwards. `DOT` and `DASH`
 * stand for themselves in a name that has dots, and at the ends of a word.
 */
export function hostPath(host: string): string {
  const escaped = /(?<=[a-z0-9])(DOT|DASH)(?=[a-z0-9])/g;
  const plain = host.includes('.') ? host : host.replace(escaped, (word) => (word === 'DOT' ? '.' : '-'));
  const labels = plain.split('.').filter((label) => label !== '');
  const cloud = labels.slice(0, -2).join('-');
  return [cloud, ...labels.slice(-2)].filter((label) => label !== '').join('.');
}

const byPlugin: Readonly<Record<string, Paths>> = {
  cpu: (list) => firstBare(list, 'cpu', list.pluginInstance, list.typeInstance || list.type),
  df: (list) =>
    list.sources.length > 1
      ? named(list, ['used', 'free'], 'df', list.pluginInstance, list.typeInstance)
      : firstBare(list, 'df', list.pluginInstance, unless(list.type, /^df(_complex)?$/), list.typeInstance),
  disk: (list) => named(list, ['read', 'write'], 'disk', list.pluginInstance, list.type, list.typeInstance),
  interface: (list) => named(list, ['in', 'out'], 'net', list.pluginInstance, list.typeInstance, list.type),
  load: (list) => named(list, ['1m', '5m', '15m'], 'load', list.pluginInstance),
  memory: (list) => firstBare(list, 'memory', list.pluginInstance, unless(list.type, /^memory$/), list.typeInstance),
  swap: (list) => firstBare(list, 'swap', list.pluginInstance, unless(list.type, /^swap(_io)?$/), list.typeInstance),
  conntrack: (list) =>
    firstBare(list, 'conntrack', unless(list.type, /^conntrack$/), list.typeInstance || 'connections'),
  processes: (list) => processes(list),
  nfsiostat: (list) => firstBare(list, 'nfsiostat', list.pluginInstance, list.typeInstance),
  fsperformance: (list) => firstBare(list, 'fsperformance', list.pluginInstance, list.typeInstance),
  droid: (list) => firstBare(list, 'droid', list.pluginInstance, list.typeInstance),
};

/** The words for the data sources of the types that Backstop has words for; the dsnames are processes, threads and so on. */
const wordsOfProcesses: Readonly<Record<string, readonly [string, string]>> = {
  ps_count: ['num_proc', 'num_thread'],
  ps_disk_ops: ['read', 'write'],
  ps_disk_octets: ['read', 'write'],
  ps_pagefaults: ['minor', 'major'],
  ps_cputime: ['user', 'system'],
};

function processes(list: ValueList): string[] {
  const { pluginInstance, type, typeInstance } = list;
  if (pluginInstance === '') return firstBare(list, 'processes', typeInstance || type);
  const words = under(wordsOfProcesses, type);
  if (words !== undefined) return named(list, words, 'processes', pluginInstance, type, typeInstance);
  return firstBare(list, 'processes', pluginInstance, type, typeInstance);
}

/** Types that any plugin may use: with them the plugin's name is needed to tell series apart. */
const anybodys = new Set(
  (
    'absolute bitrate bytes capacity count counter current derive duration errors frequency gauge latency objects operations packets ' +
    'percent power records requests response_code response_time temperature threads total_bytes total_operations total_requests voltage'
  ).split(' '),
);

/** Every plugin for which Backstop has no form of its own: the type and its instance. */
function universal(list: ValueList): string[] {
  const { plugin, pluginInstance, type, typeInstance } = list;
  return firstBare(list, anybodys.has(type) ? plugin : undefined, type, pluginInstance, typeInstance);
}

/** The first value at the path itself, where Backstop wrote it, and those that it lost below it by their names. */
function firstBare({ sources }: ValueList, ...path: readonly (string | undefined)[]): string[] {
  const base = dottedPath(...path);
  return sources.map(({ name }, index) => (index === 0 ? base : dottedPath(base, name)));
}

/** The data sources of which each has a word of Backstop's; those that have none keep their own names. */
function named({ sources }: ValueList, words: readonly string[], ...path: readonly (string | undefined)[]): string[] {
  const base = dottedPath(...path);
  if (sources.length === 1) return [base];
  return sources.map(({ name }, index) => dottedPath(base, wordFor(name, words, index)));
}

/** Backstop's words for collectd's. */
const synonyms: Readonly<Record<string, string>> = {
  rx: 'in',
  tx: 'out',
  shortterm: '1m',
  midterm: '5m',
  longterm: '15m',
  processes: 'num_proc',
  threads: 'num_thread',
  minflt: 'minor',
  majflt: 'major',
  syst: 'system',
};

/** By position where a sender gives no names. */
function wordFor(name: string, words: readonly string[], index: number): string {
  const word = /^\d+$/.test(name) ? words[index] : under(synonyms, name);
  return word !== undefined && words.includes(word) ? word : name;
}

function unless(text: string, isPlain: RegExp): string | undefined {
  return isPlain.test(text) ? undefined : text;
}
