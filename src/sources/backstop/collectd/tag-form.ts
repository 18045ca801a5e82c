// The names of collectd's values in OpenTSDB's form: the plugin and the type in the metric, everything else in tags.

import { under } from '../exact-json.ts';
import { legalTags, metricName } from '../legal-name.ts';
import type { ValueList } from './value-list.ts';

export interface Named {
  readonly metric: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What the parts of a plugin's identifier are called. */
interface Words {
  /** The tags of the plugin's instance and of the type's; the defaults are `instance` and `type_instance`. */
  readonly instance?: string;
  readonly typeInstance?: string;
  /** The tag that holds the data source's name, for the names that it fits; the others end the metric. */
  readonly source?: readonly [tag: string, fits: RegExp];
  /** Types that add nothing to the plugin's name. */
  readonly plain?: RegExp;
  /** The type's instance ends the metric, since its series are of different kinds. */
  readonly isKind?: boolean;
}

const wordsOf: Readonly<Record<string, Words>> = {
  cpu: { instance: 'cpu', typeInstance: 'state' },
  df: { instance: 'mount', typeInstance: 'state', source: ['state', /^(used|free)$/], plain: /^df(_complex)?$/ },
  disk: { instance: 'device', source: ['direction', /^(read|write)$/] },
  interface: { instance: 'iface', source: ['direction', /^[rt]x$/] },
  load: { source: ['term', /^(1|5|15)m$/] },
  memory: { typeInstance: 'state' },
  swap: { instance: 'device', typeInstance: 'state' },
  tcpconns: { instance: 'port', typeInstance: 'state' },
  conntrack: { isKind: true },
  processes: { instance: 'process', typeInstance: 'state' },
};

const terms: Readonly<Record<string, string>> = { shortterm: '1m', midterm: '5m', longterm: '15m' };
/** By position, where a sender gives no names. */
const usualNames: Readonly<Record<string, readonly string[]>> = {
  df: ['used', 'free'],
  disk: ['read', 'write'],
  interface: ['rx', 'tx'],
  load: ['1m', '5m', '15m'],
};

/** Metric and tags of each data source, in their order. */
export function taggedNames(list: ValueList): Named[] {
  const words = under(wordsOf, list.plugin) ?? {};
  return list.sources.map(({ name }, index) => {
    const usual = /^\d+$/.test(name) ? under(usualNames, list.plugin)?.[index] : under(terms, name);
    return nameOf(list, words, usual ?? name);
  });
}

function nameOf({ host, plugin, pluginInstance, type, typeInstance }: ValueList, words: Words, source: string): Named {
  const [sourceTag, fits] = words.source ?? [];
  const isTagged = fits?.test(source) === true;
  // collectd 4 has the device and the mount point where collectd 5 has the data source's kind.
  const isOfDevice = pluginInstance === '' && (plugin === 'interface' || (plugin === 'df' && isTagged));
  const instance = isOfDevice ? typeInstance : pluginInstance;
  const rest = isOfDevice ? '' : typeInstance;
  return {
    metric: metricName(
      'collectd',
      plugin,
      type === plugin || words.plain?.test(type) === true ? undefined : type,
      words.isKind === true && type !== 'percent' ? rest : undefined,
      isTagged || source === 'value' ? undefined : source,
    ),
    tags: legalTags({
      host,
      [words.instance ?? 'instance']: instance,
      ...(words.isKind === true && type !== 'percent' ? {} : { [words.typeInstance ?? 'type_instance']: rest }),
      ...(sourceTag !== undefined && isTagged && { [sourceTag]: source }),
    }),
  };
}
