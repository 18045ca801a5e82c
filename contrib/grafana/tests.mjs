// The dashboards of what Catchpoint's tests measured, for Grafana's OpenTSDB data source.
//
// They work without OpenTSDB's meta tables: tests are found by the metrics' names (/api/suggest), everything else is typed, as a
// regular expression. Each panel has one query, since versions of the data source tell the answers to several apart in different ways.

import { bars, dashboard, lines, shares, sourceVariable, textVariable } from './frame.mjs';
import { any, exactly, grouping, hint, intervalVariable, source, typed } from './opentsdb.mjs';

/** A query of one metric: `aggregator` over the nodes, of each node's `downsample` of an interval; filters that group make a line each. */
function query({ name, slice = 'node', aggregator, downsample, fill = 'none', filters }) {
  const grouped = filters.find(({ groupBy }) => groupBy);
  return {
    metric: `$prefix.${name}.by_${slice}.$test`,
    aggregator,
    alias: `$tag_${grouped.tagk}`,
    downsampleInterval: '$interval',
    downsampleAggregator: downsample,
    downsampleFillPolicy: fill,
    disableDownsampling: false,
    shouldComputeRate: false,
    currentFilterType: 'literal_or',
    filters,
  };
}

/** The metrics of a node have no tag but its id. */
const tagOf = (slice) => (slice === 'node' ? 'nodeid' : slice);
const words = { asn: 'AS', isp: 'ISP' };
const wordsOf = (slice) => words[slice] ?? slice;

const measured = (slice, aggregator) =>
  query({ name: 'rtt', slice, aggregator, downsample: 'avg', filters: [grouping(typed(tagOf(slice)))] });

/** `zimsum` takes a node that has no run in an interval for 0; a status is 1 for each run. */
const counted = (slice, filters) => query({ name: 'status', slice, aggregator: 'zimsum', downsample: 'sum', fill: 'zero', filters });

const functions = { avg: 'mean', p50: 'median', p95: '95th percentile' };

/** The RTT in a slice, a line for each value of its tag. */
function rtt(slice, aggregator) {
  return lines({
    title: `RTT by ${wordsOf(slice)}, ${functions[aggregator]}`,
    description: `Round trip of test $test in ms: the ${functions[aggregator]} over the nodes, of each node's mean in an interval.`,
    unit: 'ms',
    source,
    targets: [measured(slice, aggregator)],
  });
}

function slowest(slice) {
  return bars({
    title: `RTT by ${wordsOf(slice)}, over the time shown`,
    description: 'The mean over nodes and time.',
    unit: 'ms',
    source,
    targets: [measured(slice, 'avg')],
  });
}

/** Runs that were well and runs that failed, as shares of all of them. */
function availability(title, slice, filters = []) {
  return lines({
    title,
    description: 'The share of runs that were well (green) and that failed (red) in an interval.',
    unit: 'short',
    stack: 'percent',
    source,
    targets: [counted(slice, [grouping(any('status')), ...filters])],
  });
}

function runs(title, slice, filters = []) {
  return shares({ title, description: 'All runs in the time shown.', source, targets: [counted(slice, [grouping(any('status')), ...filters])] });
}

/** Failed runs, a line for each value of a slice's tag. */
function failures(slice) {
  return lines({
    title: `Failed runs by ${wordsOf(slice)}`,
    description: 'Runs with an error in an interval. What had none in the time shown has no line.',
    unit: 'short',
    source,
    targets: [counted(slice, [exactly('status', 'error'), grouping(typed(tagOf(slice)))])],
  });
}

function errors() {
  return lines({
    title: 'Failed runs by error',
    description: 'Catchpoint\'s code of the error, else its class.',
    unit: 'short',
    source,
    targets: [query({ name: 'error', aggregator: 'zimsum', downsample: 'sum', fill: 'zero', filters: [typed('nodeid'), grouping(any('error'))] })],
  });
}

const test = {
  name: 'test',
  label: 'Test',
  description: 'The id of the test, out of the names of the metrics',
  type: 'query',
  datasource: source,
  query: 'metrics($prefix.status.by_node.)',
  definition: 'metrics($prefix.status.by_node.)',
  regex: '/\\.by_node\\.(\\d+)$/',
  refresh: 1,
  sort: 3,
  hide: 0,
  multi: false,
  includeAll: false,
  current: {},
  options: [],
};

const interval = intervalVariable('At least as long as the test\'s frequency');
const labels = { asn: 'AS number', isp: 'ISP', nodeid: 'Node' };

function variables(tags) {
  const texts = tags.map((tag) => textVariable(tag, labels[tag] ?? tag[0].toUpperCase() + tag.slice(1), '.*', hint));
  return [sourceVariable('opentsdb', 'Data source'), textVariable('prefix', 'Prefix', 'catchpoint', 'What --metric-prefix says'), test, ...texts, interval];
}

const links = [
  { type: 'dashboards', tags: ['catchpoint'], title: 'Catchpoint', asDropdown: true, includeVars: true, keepTime: true, icon: 'external link', targetBlank: false, url: '' },
];

/** An overview of a test by one dimension. */
const overview = (slice) => [
  { panels: [rtt(slice, 'p50'), rtt(slice, 'p95')] },
  { panels: [slowest(slice), failures(slice)] },
  { panels: [availability(`Availability by ${wordsOf(slice)}`, slice, [typed(slice)]), runs('Runs', slice, [typed(slice)])] },
];

const named = (uid, title, description, tags, rows) =>
  dashboard({ uid: `catchpoint-${uid}`, title: `Catchpoint: ${title}`, description, tags: ['opentsdb'], variables: variables(tags), rows, links });

const ofNode = [typed('nodeid')];

export const testDashboards = [
  named('continents', 'by continent', 'A test by continent.', ['continent'], overview('continent')),
  named('countries', 'by country', 'A test by country.', ['country'], overview('country')),
  named('networks', 'by AS and ISP', 'A test by autonomous system and by provider.', ['asn', 'isp'], [...overview('asn'), ...overview('isp')]),
  named('test', 'one test', 'Everything of one test.', ['nodeid', 'continent', 'region', 'city'], [
    { panels: [availability('Availability', 'node', ofNode), runs('Runs', 'node', ofNode)] },
    { panels: [rtt('continent', 'p50'), errors()] },
    { panels: [slowest('region'), slowest('city')] },
    { panels: [rtt('node', 'avg'), failures('node')] },
  ]),
  named('node', 'one node', 'What one node, or a few of them, see of a test.', ['nodeid'], [
    { panels: [rtt('node', 'avg'), availability('Availability', 'node', ofNode)] },
    { panels: [runs('Runs', 'node', ofNode), errors()] },
  ]),
  named('availability', 'availability', 'How many runs of a test were well, and where the others failed.', ['continent', 'country', 'isp'], [
    { panels: [availability('All nodes', 'node'), runs('Runs', 'node')] },
    ...['continent', 'country', 'isp'].map((slice) => ({
      panels: [availability(`Of the ${wordsOf(slice)}`, slice, [typed(slice)]), failures(slice)],
    })),
  ]),
];
