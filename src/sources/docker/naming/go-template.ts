// Replaces matches by a template as Go's regexp package does: Regexp.ReplaceAllString and Regexp.Expand.

/** A match of a pattern. */
export interface Match {
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
  /** The text of a group by number or name; undefined if the group is not there or took no part. */
  group(numberOrName: number | string): string | undefined;
}

/**
 * Replaces every match in a text. A match of nothing right behind another match is not replaced.
 *
 * @param find - the first match from an offset on, which sees the text before the offset as its context
 */
export function replaceAll(text: string, template: string, find: (from: number) => Match | undefined): string {
  let result = '';
  let copied = 0;
  let from = 0;
  while (from <= text.length) {
    const match = find(from);
    if (match === undefined) break;
    result += text.slice(copied, match.start);
    if (match.end > copied || match.start === 0) result += expand(template, match);
    copied = match.end;
    from = Math.max(match.end, from + widthAt(text, from));
  }
  return result + text.slice(copied);
}

/** The code units of the character at an offset; 1 at the end. */
function widthAt(text: string, offset: number): number {
  return (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
}

/** A reference behind its `$`. A name without braces is as long as possible: `$1_$2` begins with the group `1_`. */
const reference = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

/**
 * Expands `$1`, `${1}`, `$name` and `${name}` to groups, and `$$` to a dollar sign. A group that is not there is empty.
 * A dollar sign before anything else stays.
 */
export function expand(template: string, match: Pick<Match, 'group'>): string {
  return template.replace(reference, (_whole, inBraces: string | undefined, bare: string | undefined) => {
    const name = inBraces ?? bare;
    return name === undefined ? '$' : (match.group(isNumber(name) ? Number(name) : name) ?? '');
  });
}

/** Go takes leading zeros, and numbers of more than nine digits, for names. */
function isNumber(name: string): boolean {
  return /^(?:0|[1-9][0-9]{0,8})$/.test(name);
}
