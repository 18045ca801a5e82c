// F15 and F16: Catchpoint's REST API fails in every way, with a directory on disk and without one.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { answer, type Fault, faults as restFaults } from '../../fakes/catchpoint.ts';
import { goldenCatchpoint } from '../../e2e/golden-catchpoint.ts';
import type { RestApi } from '../../../src/simulator/rest/rest-api.ts';
import { judge } from '../judge.ts';
import type { Scenario, Setting } from '../scenario.ts';
import { becomes, openStage, type Stage } from '../stage.ts';

const listing = /nodes/;
const failures: readonly (readonly [name: string, fault: Fault, path: RegExp])[] = [
  ['token 401', answer(401, '{"error":"invalid_client"}'), /token/],
  ['401', answer(401, '{"Message":"Expired token"}'), listing],
  ['403', answer(403, '{}'), listing],
  ['429', answer(429, '{}', { 'Retry-After': '60' }), listing],
  ['500', answer(500, 'oops'), listing],
  ['HTML', restFaults.html, listing],
  ['garbage', restFaults.garbage, listing],
  ['cut', restFaults.cut, listing],
  ['raw bytes', restFaults.rawBytes, listing],
  ['0 nodes', answer(200, { items: [] }), listing],
  ['pages without end', answer(200, { items: [{ id: 1, name: 'x' }], has_more: true }), listing],
  ['hangs', restFaults.hang, listing],
];

/** Catchpoint's limit. */
const callsAMinute = 20;

interface Failing {
  readonly stage: Stage;
  readonly api: RestApi;
  /** Undefined ends the failure. */
  fail(failure: (typeof failures)[number] | undefined): void;
}

async function failingCatchpoint({ seed, closing }: Setting): Promise<Failing> {
  let failure: (typeof failures)[number] | undefined;
  const api = await goldenCatchpoint(closing, {
    intercept(request, response) {
      if (failure === undefined || !failure[2].test(request.url ?? '')) return false;
      request.resume();
      failure[1](request, response);
      return true;
    },
  });
  const nodes = ['-k', 'K', '-s', 'S', '--catchpoint-url', api.url];
  return { stage: await openStage({ seed, closing, nodes }), api, fail: (next) => void (failure = next) };
}

export const catchpointAway: Scenario = {
  id: 'F15',
  title: 'the REST API fails in every way, the directory is on disk',
  async play(setting) {
    const { stage, api, fail } = await failingCatchpoint(setting);
    const { bridge, pusher } = stage;
    const wrong: string[] = [];
    await stage.begin();
    pusher.start({ agents: 4, rate: 100 });
    for (const failure of failures) {
      await bridge.stop();
      age(stage.stateDir);
      fail(failure);
      await bridge.start();
      await becomes(
        async () => ((await bridge.status())?.nodes.failures ?? 0) > 0,
        failure[0] === 'hangs' ? 500 : 2_000,
      );
      const known = (await bridge.status())?.nodes.known;
      if (known !== 14) wrong.push(`${failure[0]}: ${known} nodes are known`);
    }
    await pusher.stop();
    fail(undefined);
    const verdict = await judge(stage);
    const inAMinute = mostInAMinute(api);
    if (inAMinute > callsAMinute) wrong.push(`${inAMinute} calls in a minute`);
    return {
      verdicts: [verdict],
      figures: `${failures.length} failures; at most ${inAMinute} calls in a minute`,
      faults: wrong,
    };
  },
};

export const coldStart: Scenario = {
  id: 'F16',
  title: 'a cold start without the REST API and without a directory',
  async play(setting) {
    const { stage, fail } = await failingCatchpoint(setting);
    const { bridge, pusher, ledger } = stage;
    fail(failures.find(([name]) => name === '500'));
    await bridge.start();
    pusher.start({ agents: 4, rate: 200, runs: setting.form === 'long' ? 4_000 : 400 });
    await pusher.done();
    await pause(300);
    const parked = (await bridge.status())?.parked ?? 0;
    const early = ledger.counts().arrived;
    await bridge.kill();
    fail(undefined);
    await bridge.start();
    const verdict = await judge(stage);
    return {
      verdicts: [verdict],
      figures: `${parked} runs were parked, ${early} of their points went out at once`,
      faults: [...(parked > 0 ? [] : ['nothing was parked']), ...(early > 0 ? [] : ['nothing went out at once'])],
    };
  },
};

/** Makes the directory old, so that the next start refreshes it. */
function age(stateDir: string): void {
  const path = join(stateDir, 'nodes', 'directory.json');
  const old = Date.now() - 2 * 86_400_000;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"refreshedAtMs":\d+/, `"refreshedAtMs":${old}`));
}

function mostInAMinute({ calls }: RestApi): number {
  return Math.max(
    0,
    ...calls.map(({ atMs }) => calls.filter((other) => other.atMs >= atMs && other.atMs < atMs + 60_000).length),
  );
}
