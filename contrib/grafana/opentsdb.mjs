// What the dashboards for Grafana's OpenTSDB data source share: tag filters and the choice of an interval.

export const source = { type: 'opentsdb', uid: '${ds}' };

/** Every value of a tag that fits what was typed: a part of it, or a regular expression. */
export const typed = (tag) => ({ tagk: tag, filter: `$${tag}`, type: 'regexp', groupBy: false });
export const any = (tag) => ({ tagk: tag, filter: '*', type: 'wildcard', groupBy: false });
export const exactly = (tag, value) => ({ tagk: tag, filter: value, type: 'literal_or', groupBy: false });
export const grouping = (filter) => ({ ...filter, groupBy: true });

/** The description of a variable that a tag is filtered by. */
export const hint = 'A part of the tag\'s value, or a regular expression: Asia, ^(Japan|China)$, North_America; .* is any.';

const intervals = ['1m', '5m', '15m', '1h', '6h', '1d'];

/** The interval that values are downsampled to. */
export const intervalVariable = (description) => ({
  name: 'interval',
  label: 'Interval',
  description,
  type: 'custom',
  query: intervals.join(','),
  hide: 0,
  multi: false,
  includeAll: false,
  current: { text: '5m', value: '5m' },
  options: intervals.map((text) => ({ text, value: text, selected: text === '5m' })),
});
