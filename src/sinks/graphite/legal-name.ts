// Makes names legal for Carbon, in this one place.
//
// Carbon splits a line at white space, a name at `;` into tags and at `.` into directories, and makes a file name of each node
// (carbon/util.py, carbon/database.py). What graphite-web's target expressions and globs use could be stored and not be asked for;
// of names that were made elsewhere, for Carbon, only that is changed which Carbon could not hold.

/** Left alone: what prints, but for `; /` and graphite-web's `( ) { } , ' " \ |` and `* ? [ ]`. */
const illegalInNode = /[^A-Za-z0-9_:%+@#$&^!<>=~-]/g;
const illegalInPath = /[^A-Za-z0-9_:%+@#$&^!<>=~.-]/g;
const illegalInTag = /[^A-Za-z0-9_:%+@#$&<>./-]/g;

/** A text as one node of a dotted name: dots and slashes, too, become `_`. */
export function legalNode(text: string): string {
  return text.replace(illegalInNode, '_');
}

/** A dotted name: every character that is illegal becomes `_`, empty nodes are left out, since Carbon stores `a..b` as `a.b`. */
export function legalPath(text: string): string {
  return withoutEmptyNodes(text.replace(illegalInPath, '_'));
}

/**
 * A name that says everything by itself, as senders to Carbon have always written theirs: what prints stays, but for the `;` of tags.
 * Carbon makes directories of slashes too, and no name leads out of its own: each dot has become one, and those at either end go.
 */
export function exactPath(text: string): string {
  return withoutEmptyNodes(text.replace(/[^!-:<-~]/g, '_')).replace(/^[./]+|[./]+$/g, '');
}

/** A dotted name without the nodes that are empty. */
export function withoutEmptyNodes(path: string): string {
  return /^\.|\.\.|\.$/.test(path)
    ? path
        .split('.')
        .filter((node) => node !== '')
        .join('.')
    : path;
}

/** Whether a text may follow any name as it is: nodes that are legal, each with a dot before it. */
export function isLegalTail(text: string): boolean {
  const path = `x${text}`;
  return text.startsWith('.') && legalPath(path) === path;
}

/** The name of a tag. `name` is what Carbon itself calls the metric: a tag of that name would be lost. */
export function legalTagName(text: string): string {
  return text === 'name' ? 'tag_name' : text.replace(illegalInTag, '_');
}

/** The value of a tag: dots and slashes may stay, for the file's name is a hash of all. */
export function legalTagValue(text: string): string {
  return text.replace(illegalInTag, '_');
}
