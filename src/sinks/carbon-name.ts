// Makes names legal for Carbon.
//
// Carbon splits a line at white space and a name at `;` into tags and at `.` into directories, and creates a file for each
// series (carbon/util.py, carbon/database.py). Characters of graphite-web's target expressions and globs could be stored
// but not queried. A path that was made for Carbon keeps them; only what Carbon cannot store is changed.

/** Printable characters are legal, except `; /`, graphite-web's `( ) { } , ' " \ |` and its globs `* ? [ ]`. */
const illegalInNode = /[^A-Za-z0-9_:%+@#$&^!<>=~-]/g;
const illegalInPath = /[^A-Za-z0-9_:%+@#$&^!<>=~.-]/g;
const illegalInTag = /[^A-Za-z0-9_:%+@#$&<>./-]/g;

/** Legal in a metric before naming; OpenTSDB allows fewer characters. */
export const printable = /^[!-~]+$/;
/** The last node of a dotted name becomes a file name, which has at most 255 bytes with `.wsp`. */
const maxNodeBytes = 250;
/** Carbon closes the connection at a line of 16,384 bytes, and a path has at most 4096. */
const maxNameBytes = 2_000;

/** Returns a text as one node of a dotted name; dots and slashes become `_` too. */
export function legalNode(text: string): string {
  return text.replace(illegalInNode, '_');
}

/** Returns a dotted name. Illegal characters become `_`. Empty nodes are dropped: Carbon stores `a..b` as `a.b`. */
export function legalPath(text: string): string {
  return withoutEmptyNodes(text.replace(illegalInPath, '_'));
}

/**
 * Returns a path that was made for Carbon. Printable characters stay, except `;`. Leading and trailing dots and slashes
 * are dropped: a slash creates a directory, and no path may leave Carbon's own.
 */
export function exactPath(text: string): string {
  return withoutEmptyNodes(text.replace(/[^!-:<-~]/g, '_')).replace(/^[./]+|[./]+$/g, '');
}

export function withoutEmptyNodes(path: string): string {
  return /^\.|\.\.|\.$/.test(path)
    ? path
        .split('.')
        .filter((node) => node !== '')
        .join('.')
    : path;
}

/** A legal tail is a sequence of legal nodes, each with a dot before it. It can follow any name unchanged. */
export function isLegalTail(text: string): boolean {
  const path = `x${text}`;
  return text.startsWith('.') && legalPath(path) === path;
}

/** Renames a tag `name`: Carbon stores the metric under that tag. */
export function legalTagName(text: string): string {
  return text === 'name' ? 'tag_name' : text.replace(illegalInTag, '_');
}

/** Dots and slashes stay: the file of a tagged series is named by a hash. */
export function legalTagValue(text: string): string {
  return text.replace(illegalInTag, '_');
}

/** Returns how long a text between two parts of a name may be, whatever its characters; a lower bound. */
export function maxLengthBetween(before: string, after: string): number {
  const length = maxNameBytes - before.length - after.length;
  return after.includes(';') ? length : Math.min(length, maxNodeBytes - longestNode(before) - longestNode(after));
}

function longestNode(path: string): number {
  return Math.max(...path.split(/[./]/).map((node) => node.length));
}

/** The fault of a whole name, and what was found; undefined for a legal one. */
export function faultOfCarbonName(name: string): string | undefined {
  if (name === '' || name.startsWith(';')) return 'metric: a name wanted, found none in the letters that Carbon takes';
  const [path = '', tags] = name.split(/;(.*)/s);
  const bytes = tags === undefined ? longestNode(path) : 0;
  if (bytes > maxNodeBytes) return `name: at most ${maxNodeBytes} characters between two dots wanted, found ${bytes}`;
  return name.length > maxNameBytes
    ? `name: at most ${maxNameBytes} characters wanted, found ${name.length}`
    : undefined;
}
