// Writes the dashboards into dashboards/: node contrib/grafana/build.mjs. What is imported into Grafana are the JSON files.

import { writeFileSync } from 'node:fs';
import { dockerDashboard } from './docker.mjs';
import { healthDashboard } from './health.mjs';
import { testDashboards } from './tests.mjs';

/** Every dashboard by the name of its file. */
export const dashboards = Object.fromEntries([...testDashboards, healthDashboard, dockerDashboard].map((one) => [`${one.uid}.json`, one]));

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const [name, dashboard] of Object.entries(dashboards)) {
    writeFileSync(new URL(`dashboards/${name}`, import.meta.url), `${JSON.stringify(dashboard, null, 2)}\n`);
  }
}
