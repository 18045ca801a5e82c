// Makes names legal for Carbon.
//
// Carbon splits a line at white space and a name at `;` into tags and at `.` into directories, and creates a file for each
// series (carbon/util.py, carbon/database.py). Characters of graphite-web's target expressions and globs could be stored
// but not queried. A path that was made for Carbon keeps them; only what Carbon cannot store is changed.

/** Printable characters are legal, except `; /`, graphite-web's `( ) { } , ' " \ |` and its globs `* ? [ ]`. */
const illegalInNode = /[^A-Za-z0-9_:%+@#$&^!<>=~-]/g;
const illegalInPath = /[^A-Za-z0-9_:%+@#$&^!<>=~.-]/g;
const illegalInTag = /[^A-Za-z0-9_:%+@#$&<>./-]/g;

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
