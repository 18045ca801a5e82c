// Names collectd's values in OpenTSDB's form: plugin and type in the metric, everything else in tags.

import { lookup } from '../json.ts';
import { legalTags, metricName } from '../../legal-name.ts';
import type { ValueList } from './value-list.ts';

export interface TaggedName {
  readonly metric: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The naming of one plugin. */
interface Scheme {
  /** Tag of the plugin instance; default `instance`. */
  readonly instance?: string;
  /** Tag of the type instance; default `type_instance`. */
  readonly typeInstance?: string;
  /** Tag of the data source's name, and the names that it takes. Other names end the metric. */
  readonly source?: readonly [tag: string, taken: RegExp];
  /** Types that add nothing to the plugin's name. */
  readonly omittedTypes?: RegExp;
  /** The type instance ends the metric, since its series are of different kinds. */
  readonly hasTypeInstanceInMetric?: boolean;
}

const schemes: Readonly<Record<string, Scheme>> = {
  cpu: { instance: 'cpu', typeInstance: 'state' },
  df: { instance: 'mount', typeInstance: 'state', source: ['state', /^(used|free)$/], omittedTypes: /^df(_complex)?$/ },
  disk: { instance: 'device', source: ['direction', /^(read|write)$/] },
  interface: { instance: 'iface', source: ['direction', /^[rt]x$/] },
  load: { source: ['term', /^(1|5|15)m$/] },
  memory: { typeInstance: 'state' },
  swap: { instance: 'device', typeInstance: 'state' },
  tcpconns: { instance: 'port', typeInstance: 'state' },
  conntrack: { hasTypeInstanceInMetric: true },
  processes: { instance: 'process', typeInstance: 'state' },
};

const loadTerms: Readonly<Record<string, string>> = { shortterm: '1m', midterm: '5m', longterm: '15m' };
/** The data sources of senders that give no names, by position. */
const positionalNames: Readonly<Record<string, readonly string[]>> = {
  df: ['used', 'free'],
  disk: ['read', 'write'],
  interface: ['rx', 'tx'],
  load: ['1m', '5m', '15m'],
};

/** The names of the data sources, in their order. */
export function taggedNames(list: ValueList): TaggedName[] {
  return list.sources.map(({ name }, index) => {
    const known = /^\d+$/.test(name) ? lookup(positionalNames, list.plugin)?.[index] : lookup(loadTerms, name);
    return nameOf(list, known ?? name);
  });
}

function nameOf({ host, plugin, pluginInstance, type, typeInstance }: ValueList, source: string): TaggedName {
  const scheme = lookup(schemes, plugin) ?? {};
  const [sourceTag, taken] = scheme.source ?? [];
  const isTagged = taken?.test(source) === true;
  // collectd 4 puts the device or mount point into the type instance.
  const isOfDevice = pluginInstance === '' && (plugin === 'interface' || (plugin === 'df' && isTagged));
  const instance = isOfDevice ? typeInstance : pluginInstance;
  const rest = isOfDevice ? '' : typeInstance;
  const isRestInMetric = scheme.hasTypeInstanceInMetric === true && type !== 'percent';
  return {
    metric: metricName(
      'collectd',
      plugin,
      type === plugin || scheme.omittedTypes?.test(type) === true ? undefined : type,
      isRestInMetric ? rest : undefined,
      isTagged || source === 'value' ? undefined : source,
    ),
    tags: legalTags({
      host,
      [scheme.instance ?? 'instance']: instance,
      ...(!isRestInMetric && { [scheme.typeInstance ?? 'type_instance']: rest }),
      ...(sourceTag !== undefined && isTagged && { [sourceTag]: source }),
    }),
  };
}
