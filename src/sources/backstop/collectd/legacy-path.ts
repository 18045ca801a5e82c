// Names collectd's values by Backstop's paths. Unlike Backstop it drops no data source and keeps colliding paths distinct.

import { lookup } from '../json.ts';
import { dottedPath } from '../../legal-name.ts';
import type { ValueList } from './value-list.ts';

/** The paths of a value list, in the order of its data sources. */
export function legacyPaths(list: ValueList): string[] {
  const below = lookup(byPlugin, list.plugin) ?? defaultPaths;
  return below(list).map((path) => dottedPath('mitt', hostPath(list.host), path));
}

/**
 * `web1.prod.eu.example.com` is `web1-prod-eu.example.com`: the last two labels, and the others joined by dashes.
 * In a name without dots, `DOT` and `DASH` after and before a lower-case letter or digit are those characters.
 */
export function hostPath(host: string): string {
  const escaped = /(?<=[a-z0-9])(DOT|DASH)(?=[a-z0-9])/g;
  const plain = host.includes('.') ? host : host.replace(escaped, (escape) => (escape === 'DOT' ? '.' : '-'));
  const labels = plain.split('.').filter((label) => label !== '');
  const front = labels.slice(0, -2).join('-');
  return [front, ...labels.slice(-2)].filter((label) => label !== '').join('.');
}

/** The paths below the host, in the order of the data sources. */
type Paths = (list: ValueList) => readonly string[];

const byPlugin: Readonly<Record<string, Paths>> = {
  cpu: (list) => firstAtPath(list, 'cpu', list.pluginInstance, list.typeInstance || list.type),
  df: (list) =>
    list.sources.length > 1
      ? bySource(list, ['used', 'free'], 'df', list.pluginInstance, list.typeInstance)
      : firstAtPath(list, 'df', list.pluginInstance, unless(list.type, /^df(_complex)?$/), list.typeInstance),
  disk: (list) => bySource(list, ['read', 'write'], 'disk', list.pluginInstance, list.type, list.typeInstance),
  interface: (list) => bySource(list, ['in', 'out'], 'net', list.pluginInstance, list.typeInstance, list.type),
  load: (list) => bySource(list, ['1m', '5m', '15m'], 'load', list.pluginInstance),
  memory: (list) => firstAtPath(list, 'memory', list.pluginInstance, unless(list.type, /^memory$/), list.typeInstance),
  swap: (list) => firstAtPath(list, 'swap', list.pluginInstance, unless(list.type, /^swap(_io)?$/), list.typeInstance),
  conntrack: (list) =>
    firstAtPath(list, 'conntrack', unless(list.type, /^conntrack$/), list.typeInstance || 'connections'),
  processes: processesPaths,
  nfsiostat: withoutType,
  fsperformance: withoutType,
  droid: withoutType,
};

function withoutType(list: ValueList): string[] {
  return firstAtPath(list, list.plugin, list.pluginInstance, list.typeInstance);
}

/** Backstop's labels for the data sources of a type. */
const processesLabels: Readonly<Record<string, readonly [string, string]>> = {
  ps_count: ['num_proc', 'num_thread'],
  ps_disk_ops: ['read', 'write'],
  ps_disk_octets: ['read', 'write'],
  ps_pagefaults: ['minor', 'major'],
  ps_cputime: ['user', 'system'],
};

function processesPaths(list: ValueList): string[] {
  const { pluginInstance, type, typeInstance } = list;
  if (pluginInstance === '') return firstAtPath(list, 'processes', typeInstance || type);
  const labels = lookup(processesLabels, type);
  if (labels !== undefined) return bySource(list, labels, 'processes', pluginInstance, type, typeInstance);
  return firstAtPath(list, 'processes', pluginInstance, type, typeInstance);
}

/** Types of many plugins. Their paths need the plugin's name to stay distinct. */
const sharedTypes = new Set(
  (
    'absolute bitrate bytes capacity count counter current derive duration errors frequency gauge latency objects operations packets ' +
    'percent power records requests response_code response_time temperature threads total_bytes total_operations total_requests voltage'
  ).split(' '),
);

/** Plugins that Backstop had no rule for. */
function defaultPaths(list: ValueList): string[] {
  const { plugin, pluginInstance, type, typeInstance } = list;
  return firstAtPath(list, sharedTypes.has(type) ? plugin : undefined, type, pluginInstance, typeInstance);
}

/** Backstop wrote the first data source at the path itself and dropped the others, which follow below by name. */
function firstAtPath({ sources }: ValueList, ...path: readonly (string | undefined)[]): string[] {
  const base = dottedPath(...path);
  return sources.map(({ name }, index) => (index === 0 ? base : dottedPath(base, name)));
}

/** Each data source below the path, by Backstop's label or else its own name. A single one is at the path itself. */
function bySource({ sources }: ValueList, labels: readonly string[], ...path: readonly string[]): string[] {
  const base = dottedPath(...path);
  if (sources.length === 1) return [base];
  return sources.map(({ name }, index) => dottedPath(base, labelOf(name, labels, index)));
}

/** collectd's names with another label in Backstop. */
const legacyLabels: Readonly<Record<string, string>> = {
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

/** The label is found by position if the sender gives no names. */
function labelOf(name: string, labels: readonly string[], index: number): string {
  const label = /^\d+$/.test(name) ? labels[index] : lookup(legacyLabels, name);
  return label !== undefined && labels.includes(label) ? label : name;
}

function unless(text: string, omitted: RegExp): string | undefined {
  return omitted.test(text) ? undefined : text;
}
