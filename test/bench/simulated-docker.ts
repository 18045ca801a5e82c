// The Docker Engine of the benchmark, in a process of its own. Arguments: the number of containers, and how long each
// request for statistics takes, in ms.

import { systemClock } from '../../src/runtime/clock.ts';
import { openSimulatedEngine } from '../../src/simulator/docker/simulated-engine.ts';
import { seeded } from '../../src/simulator/seeded.ts';

const [containersWord = '1000', delayWord = '2000'] = process.argv.slice(2);
const { url } = await openSimulatedEngine({
  clock: systemClock(),
  random: seeded(1),
  containers: Number(containersWord),
  delayMs: Number(delayWord),
});
console.log(JSON.stringify({ url }));
