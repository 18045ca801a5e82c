// Every fault of the harness, in the order of the table.

import type { Scenario } from './scenario.ts';
import { blackHole } from './scenarios/black-hole.ts';
import { catchpointAway, coldStart } from './scenarios/catchpoint-away.ts';
import { clocks } from './scenarios/clocks.ts';
import { damage } from './scenarios/damage.ts';
import { failingSync } from './scenarios/failing-sync.ts';
import { fullDisk } from './scenarios/full-disk.ts';
import { floods } from './scenarios/floods.ts';
import { handshakes } from './scenarios/handshakes.ts';
import { hugeBodies } from './scenarios/huge-bodies.ts';
import { kill } from './scenarios/kill.ts';
import { burst, steady } from './scenarios/load.ts';
import { largeStore } from './scenarios/large-store.ts';
import { malformed } from './scenarios/malformed.ts';
import { badPoints, oddAnswers } from './scenarios/odd-answers.ts';
import { outage } from './scenarios/outage.ts';
import { powerLoss } from './scenarios/power-loss.ts';
import { reloads } from './scenarios/reloads.ts';
import { resets } from './scenarios/resets.ts';
import { retries } from './scenarios/retries.ts';
import { slow } from './scenarios/slow.ts';
import { slowSenders } from './scenarios/slow-senders.ts';
import { stop } from './scenarios/stop.ts';
import { telnet } from './scenarios/telnet.ts';
import { worker } from './scenarios/worker.ts';
import { wrongTokens } from './scenarios/wrong-tokens.ts';

export const scenarios: readonly Scenario[] = [
  [steady, burst, outage, blackHole, slow, resets, oddAnswers, badPoints, telnet, kill, worker, stop],
  [fullDisk, failingSync, damage, clocks, catchpointAway, coldStart, malformed, slowSenders, hugeBodies],
  [floods, wrongTokens, handshakes, reloads, retries, powerLoss, largeStore],
].flat();
