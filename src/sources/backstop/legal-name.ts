// Names that no sender can break out of: Graphite's dotted paths as Backstop wrote them, and OpenTSDB's metrics.

import { hash } from 'node:crypto';
import anyAscii from 'any-ascii';
import { legalTagText } from '../../model/tag-text.ts';

/** A longer node would be no file name for Carbon. */
const maxNodeLength = 250;
const digestLength = 16;

/**
 * A dotted path out of parts, of which each may hold dots of its own: everything that prints in ASCII stays as it is but `;`, with
 * which Carbon's tags begin. Other scripts are transliterated, spaces and control characters become `_`, empty nodes are left
 * out: Carbon stores `cpu..idle` as `cpu.idle`.
 */
export function dottedPath(...parts: readonly (string | undefined)[]): string {
  return parts
    .flatMap((part) =>
      anyAscii(part ?? '')
        .replace(/[^!-~]+|;/g, '_')
        .split('.'),
    )
    .filter((node) => node !== '')
    .map((node) => (node.length > maxNodeLength ? shortened(node) : node))
    .join('.');
}

/** Two that begin alike stay two. */
function shortened(node: string): string {
  return `${node.slice(0, maxNodeLength - digestLength)}${hash('sha256', node).slice(0, digestLength)}`;
}

/** A metric out of parts, in the letters that OpenTSDB keeps apart. */
export function metricName(...parts: readonly (string | undefined)[]): string {
  return parts
    .flatMap((part) => legalTagText(part ?? '')?.split('.') ?? [])
    .filter((node) => node !== '')
    .join('.');
}

/** Tags without those of which nothing legal is left. */
export function legalTags(tags: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, text]) => {
      const legal = legalTagText(text ?? '');
      const legalName = legalTagText(name);
      return legal === undefined || legalName === undefined ? [] : [[legalName, legal]];
    }),
  );
}
