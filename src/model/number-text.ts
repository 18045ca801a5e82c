// Writes numbers as the decimal text that a data point carries.

/**
 * A finite number as a float: the shortest decimal that reads back the same, with at least one decimal place, so that
 * OpenTSDB never takes it for an integer (`158.0`, `12.25`, `1.0e+21`).
 */
export function floatText(value: number): string {
  const text = String(value);
  if (text.includes('.')) return text;
  const exponentAt = text.indexOf('e');
  return exponentAt === -1 ? `${text}.0` : `${text.slice(0, exponentAt)}.0${text.slice(exponentAt)}`;
}
