// Every fault of the harness, in the order of the table. F11 to F13, what disks do, come between F10 and F14.

import type { Scenario } from './scenario.ts';
import { blackHole } from './scenarios/black-hole.ts';
import { catchpointAway, coldStart } from './scenarios/catchpoint-away.ts';
import { clocks } from './scenarios/clocks.ts';
import { hugeBodies } from './scenarios/huge-bodies.ts';
import { kill } from './scenarios/kill.ts';
import { burst, steady } from './scenarios/load.ts';
import { malformed } from './scenarios/malformed.ts';
import { badPoints, oddAnswers } from './scenarios/odd-answers.ts';
import { outage } from './scenarios/outage.ts';
import { powerLoss } from './scenarios/power-loss.ts';
import { resets } from './scenarios/resets.ts';
import { retries } from './scenarios/retries.ts';
import { slow } from './scenarios/slow.ts';
import { stop } from './scenarios/stop.ts';
import { telnet } from './scenarios/telnet.ts';

export const scenarios: readonly Scenario[] = [
  ...[steady, burst, outage, blackHole, slow, resets, oddAnswers, badPoints, telnet, kill, stop],
  ...[clocks, catchpointAway, coldStart, malformed, hugeBodies, retries, powerLoss],
];
