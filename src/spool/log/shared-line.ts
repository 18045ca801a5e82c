// Reads the first line of factored points, what they share, where its series have been seen before with other values: then nothing but
// these values need be read, and stems and tags come out as the same objects. Any other line is left to JSON.

import type { FactoredPoints, Series } from '../../model/factored-points.ts';
import type { TimeUnit } from '../../model/point.ts';

/** What a line says, and where it ends: the place of its line feed. */
export interface SharedLine extends Pick<FactoredPoints, 'timestamp' | 'unit' | 'tail' | 'series'> {
  readonly end: number;
}

export interface SharedLines {
  /** Undefined where its series are not known, where it says more than they do, and where something in the text is escaped. */
  read(text: string): SharedLine | undefined;
  /** To be told of the series of a text that could not be read, and whose first line says nothing behind them. */
  learn(text: string, series: readonly Series[]): void;
}

/** A form of series: what stands in the line between their values. */
interface Form {
  readonly series: readonly Series[];
  /** Before the first value, between them, and behind the last up to the line feed. */
  readonly between: readonly string[];
}

/** A kind of test has a few: with and without an RTT, for each status. */
const maxForms = 64;
const units: readonly (readonly [TimeUnit, string])[] = [
  ['s', ',"s","'],
  ['ms', ',"ms","'],
];

export function sharedLines(): SharedLines {
  const forms: Form[] = [];
  /** Where the form is that was found last: the next line is of the same as a rule. */
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
      forms.push({ series, between: series.map(before).concat(`"${tagsText(series.at(-1) as Series)}]]]\n`) });
    },
  };
}

function isEscaped(text: string): boolean {
  return text.includes('\\');
}

function before({ stem }: Series, at: number, series: readonly Series[]): string {
  const former = series[at - 1];
  const opened = former === undefined ? '",[[' : `"${tagsText(former)}],[`;
  return `${opened}${JSON.stringify(stem)},"`;
}

function tagsText({ tags }: Series): string {
  return tags === undefined ? '' : `,${JSON.stringify(tags)}`;
}

/** Undefined where the text is not of this form. */
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
