// Turns senders' text into legal names: Graphite's dotted paths as Backstop wrote them, and OpenTSDB's metrics and tags.

import { hash } from 'node:crypto';
import anyAscii from 'any-ascii';
import { legalTagText } from '../model/tag-text.ts';

/** Carbon stores a node as a file, whose name may have 255 bytes. */
const maxNodeLength = 250;
/** legalTagText cuts longer texts. */
const maxPartLength = 200;
const digestLength = 16;

/**
 * Joins parts, which may contain dots, into a path of printable ASCII. Other scripts are transliterated.
 * Spaces, control characters and `;`, which begins Carbon's tags, become `_`.
 * Empty nodes are omitted, since Carbon stores `cpu..idle` as `cpu.idle`.
 */
export function dottedPath(...parts: readonly (string | undefined)[]): string {
  return parts
    .flatMap((part) =>
      anyAscii(part ?? '')
        .replace(/[^!-~]+|;/g, '_')
        .split('.'),
    )
    .filter((node) => node !== '')
    .map((node) => (node.length > maxNodeLength ? shortened(node, maxNodeLength, node) : node))
    .join('.');
}

/** Ends in a digest of the whole, so that two long texts with the same beginning stay distinct. */
function shortened(text: string, maxLength: number, whole: string): string {
  return `${text.slice(0, maxLength - digestLength)}${hash('sha256', whole).slice(0, digestLength)}`;
}

/** Joins parts into a metric of the characters that OpenTSDB keeps distinct (see legalTagText). */
export function metricName(...parts: readonly (string | undefined)[]): string {
  return parts
    .flatMap((part) => legalPart(part ?? '').split('.'))
    .filter((node) => node !== '')
    .join('.');
}

function legalPart(part: string): string {
  const legal = legalTagText(part) ?? '';
  return legal !== '' && part.length > maxPartLength ? shortened(legal, maxPartLength, part) : legal;
}

/** Makes tags legal. Omits a tag if nothing of its name or value is left. */
export function legalTags(tags: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, text]) => {
      const legal = legalTagText(text ?? '');
      const legalName = legalTagText(name);
      return legal === undefined || legalName === undefined ? [] : [[legalName, legal]];
    }),
  );
}
