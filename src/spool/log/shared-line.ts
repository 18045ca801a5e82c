// Parses the first line of factored points without JSON.parse if only the values differ from a line seen before.
// It reuses the stem and tag objects of that line. The caller parses any other line with JSON.parse.

import type { FactoredPoints, Series } from '../../model/factored-points.ts';
import type { TimeUnit } from '../../model/point.ts';

interface SharedLine extends Pick<FactoredPoints, 'timestamp' | 'unit' | 'tail' | 'series'> {
  /** Index of the line feed. */
  readonly end: number;
}

interface SharedLines {
  /** Returns undefined if no learned form matches, or if the text has escapes. */
  read(text: string): SharedLine | undefined;
  /** Learns the form of a line that `read` did not match. The line must end after its series. */
  learn(text: string, series: readonly Series[]): void;
}

/** A sequence of series with the constant text around their values. */
interface Form {
  readonly series: readonly Series[];
  /** The text before the first value, between values, and from the last value to the line feed. */
  readonly between: readonly string[];
}

/** A test type has a few: with and without RTT, one per status. */
const maxForms = 64;
const units: readonly (readonly [TimeUnit, string])[] = [
  ['s', ',"s","'],
  ['ms', ',"ms","'],
];

export function sharedLines(): SharedLines {
  const forms: Form[] = [];
  /** Index of the last match, which is tried first. */
  let last = 0;

  return {
    read(text) {
      const comma = text.indexOf(',');
      const timestamp = Number(text.substring(2, comma));
      const unit = units.find(([, written]) => text.startsWith(written, comma));
      if (unit === undefined || isEscaped(text)) return undefined;
      const from = comma + unit[1].length;
      const end = text.indexOf('"', from);
      for (let tried = 0; tried < forms.length; tried += 1) {
        const at = (last + tried) % forms.length;
        const read = valuesOf(forms[at] as Form, text, end);
        if (read === undefined) continue;
        last = at;
        return { timestamp, unit: unit[0], tail: text.substring(from, end), ...read };
      }
      return undefined;
    },
    learn(text, series) {
      if (series.length === 0 || isEscaped(text)) return;
      if (forms.length === maxForms) forms.length = 0;
      forms.push({ series, between: series.map(constantBefore).concat(`"${tagsText(series.at(-1) as Series)}]]]\n`) });
    },
  };
}

function isEscaped(text: string): boolean {
  return text.includes('\\');
}

function constantBefore({ stem }: Series, at: number, series: readonly Series[]): string {
  const previous = series[at - 1];
  const opened = previous === undefined ? '",[[' : `"${tagsText(previous)}],[`;
  return `${opened}${JSON.stringify(stem)},"`;
}

function tagsText({ tags }: Series): string {
  return tags === undefined ? '' : `,${JSON.stringify(tags)}`;
}

/** Returns undefined if the text does not match the form. */
function valuesOf(
  { series, between }: Form,
  text: string,
  from: number,
): Pick<SharedLine, 'series' | 'end'> | undefined {
  const read: Series[] = [];
  let at = from;
  for (let one = 0; one < series.length; one += 1) {
    const constant = between[one] as string;
    if (!text.startsWith(constant, at)) return undefined;
    const start = at + constant.length;
    at = text.indexOf('"', start);
    const { stem, tags } = series[one] as Series;
    const value = text.substring(start, at);
    read.push(tags === undefined ? { stem, value } : { stem, value, tags });
  }
  const rest = between[series.length] as string;
  return text.startsWith(rest, at) ? { series: read, end: at + rest.length - 1 } : undefined;
}
