// Whether the file of node overrides can be used.

import type { Config } from '../../config/config.ts';
import { readOverrides } from '../../sources/catchpoint/nodes/overrides-file.ts';
import { attempted, type Finding } from './finding.ts';

const fault = { code: 78, advice: 'correct the file; a start with it ends with 78' } as const;

export async function overridesProbe({ catchpoint: { nodeOverrides } }: Config): Promise<Finding[]> {
  if (nodeOverrides === undefined) return [];
  const finding = await attempted(
    'node overrides',
    fault,
    async () => `${nodeOverrides}: ${(await readOverrides(nodeOverrides)).size} nodes`,
  );
  return [{ ...finding, words: finding.words.replaceAll('\n', '; ') }];
}
