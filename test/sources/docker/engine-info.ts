// What an engine tells of itself, for tests.

import type { EngineInfo } from '../../../src/sources/docker/engine/engine.ts';

export const engineInfo: EngineInfo = {
  version: '20.10.24',
  apiVersion: '1.41',
  osType: 'linux',
  product: 'Docker',
  cgroupVersion: 1,
  hostname: 'web-1',
};
