// The settings of the cardinality guard.

import { inGroup, value } from '../setting.ts';
import { wholeNumber } from '../values.ts';

/** A UID of OpenTSDB has 3 bytes. */
const maxUids = 2 ** 24 - 1;
const parse = wholeNumber(1, maxUids);

export const cardinalitySettings = inGroup('Cardinality', {
  maxTests: value({
    argument: 'number',
    default: '5000',
    parse,
    help: 'how many different tests may be seen; pushes of further ones become dead letters',
  }),
  maxNodes: value({
    argument: 'number',
    default: '5000',
    parse,
    help: 'how many different nodes may be seen that Catchpoint does not list',
  }),
  maxTagValues: value({
    argument: 'number',
    default: '10000',
    parse,
    help: "how many different error codes, AS numbers unlike the node's own, test names, and values of each label may be seen",
  }),
});
