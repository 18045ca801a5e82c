// Decimal texts of numbers.

import test from 'ava';
import fc from 'fast-check';
import { floatText } from '../../src/model/number-text.ts';

test('an integer gets a decimal place', (t) => t.is(floatText(158), '158.0'));
test('a fraction keeps its shortest text', (t) => t.is(floatText(12.25), '12.25'));
test('zero and minus zero have the same text', (t) => t.deepEqual([floatText(0), floatText(-0)], ['0.0', '0.0']));
test('the decimal place goes before an exponent', (t) => {
  t.deepEqual([floatText(1e21), floatText(1e-7), floatText(1.5e300)], ['1.0e+21', '1.0e-7', '1.5e+300']);
});
test('every finite number reads back as the same float', (t) => {
  const same = fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
    const text = floatText(value);
    return text.includes('.') && JSON.parse(text) === (Object.is(value, -0) ? 0 : value);
  });
  t.notThrows(() => fc.assert(same));
});
