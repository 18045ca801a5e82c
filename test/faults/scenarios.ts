// Every fault of the harness, in the order of the table.

import type { Scenario } from './scenario.ts';
import { blackHole } from './scenarios/black-hole.ts';
import { kill } from './scenarios/kill.ts';
import { badPoints, oddAnswers } from './scenarios/odd-answers.ts';
import { outage } from './scenarios/outage.ts';
import { resets } from './scenarios/resets.ts';
import { slow } from './scenarios/slow.ts';
import { stop } from './scenarios/stop.ts';

export const scenarios: readonly Scenario[] = [
  outage,
  blackHole,
  slow,
  resets,
  oddAnswers,
  badPoints,
  kill,
  stop,
];
