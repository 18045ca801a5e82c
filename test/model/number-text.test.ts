// Numbers as floats in text.

import test from 'ava';
import fc from 'fast-check';
import { floatText } from '../../src/model/number-text.ts';

test('an integer gets a decimal place', (t) => t.is(floatText(158), '158.0'));
test('a fraction stays as short as it is', (t) => t.is(floatText(12.25), '12.25'));
test('zero and minus zero are written alike', (t) => t.deepEqual([floatText(0), floatText(-0)], ['0.0', '0.0']));
test('an exponent keeps its place behind a decimal point', (t) => {
  t.deepEqual([floatText(1e21), floatText(1e-7), floatText(1.5e300)], ['1.0e+21', '1.0e-7', '1.5e+300']);
});
test('every finite number reads back the same, and as a float', (t) => {
  const same = fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
    const text = floatText(value);
    return text.includes('.') && JSON.parse(text) === (Object.is(value, -0) ? 0 : value);
  });
  t.notThrows(() => fc.assert(same));
});
