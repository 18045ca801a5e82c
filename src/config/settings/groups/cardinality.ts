// The settings of the cardinality guard: how many tests, nodes and tag values pushes may bring.

import { type Setting, value } from '../kinds.ts';
import { wholeNumber } from '../values.ts';

/** OpenTSDB gives every kind of name 3 bytes. */
const mostUids = 2 ** 24 - 1;
const parse = wholeNumber(1, mostUids);

export const cardinalitySettings = {
  maxTests: value({
    group: 'Cardinality',
    argument: 'number',
    default: '5000',
    parse,
    help: 'how many different tests may be seen; pushes of further ones become dead letters',
  }),
  maxNodes: value({
    group: 'Cardinality',
    argument: 'number',
    default: '5000',
    parse,
    help: 'how many different nodes may be seen that Catchpoint does not list',
  }),
  maxTagValues: value({
    group: 'Cardinality',
    argument: 'number',
    default: '10000',
    parse,
    help: "how many different error codes, AS numbers unlike the node's own, test names, and values of each label may be seen",
  }),
} as const satisfies Record<string, Setting<unknown>>;
