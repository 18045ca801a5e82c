// The settings of the metrics that are made from a push.

import { inGroup, list, toggle, value } from '../setting.ts';
import { choice, metricPrefix } from '../values.ts';
import { parseLabelTag } from '../../../sources/catchpoint/run-tags.ts';
import { dimensions, rttRules } from '../../../sources/catchpoint/slices.ts';

export const metricsSettings = inGroup('Metrics', {
  metricPrefix: value({
    argument: 'name',
    default: 'catchpoint',
    parse: metricPrefix,
    help: "what stands before every metric's name",
  }),
  resolution: value({
    argument: 'unit',
    default: 's',
    parse: choice(['s', 'ms']),
    help: "s or ms, the unit of every point's time; keep to one, mixing them breaks queries",
  }),
  rtt: value({
    argument: 'rule',
    default: 'by-type',
    parse: choice(rttRules),
    help: "by-type, a ping's and a traceroute's own round trip, or total, the total time for every type of test",
  }),
  slices: list({
    argument: 'list',
    default: dimensions.join(','),
    separator: ',',
    parse: choice(dimensions),
    help: 'the slices that are written, separated by commas',
  }),
  timings: toggle({
    default: 'false',
    help: 'also write every other timing, byte count and counter, ping loss and traceroute hops',
  }),
  testAsTag: toggle({
    default: 'false',
    help: "the test's id as the tag testid, and not as the tail of every metric's name",
  }),
  testNameTag: toggle({
    default: 'false',
    help: "the test's name as the tag testname; a test that is renamed begins new series",
  }),
  labelTags: list({
    argument: 'list',
    separator: ',',
    parse: parseLabelTag,
    help: 'labels of the tests that become tags, as label or tag=label, separated by commas; the first count most where there is no room',
  }),
});
