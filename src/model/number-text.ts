// The decimal text of numbers in data points.

/**
 * Writes a finite number as the shortest decimal that reads back the same, with at least one decimal place
 * (`158.0`, `12.25`, `1.0e+21`). OpenTSDB would take a number without one for an integer.
 */
export function floatText(value: number): string {
  const text = String(value);
  if (text.includes('.')) return text;
  const exponentAt = text.indexOf('e');
  return exponentAt === -1 ? `${text}.0` : `${text.slice(0, exponentAt)}.0${text.slice(exponentAt)}`;
}
