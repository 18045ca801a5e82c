// The script of the page: passes the live messages to the views.

import { drawCharts } from './charts.ts';
import { openEventStream } from './event-stream.ts';
import { letterList } from './letters.ts';
import { mapDetail } from './map-detail.ts';
import { mapTable } from './map-table.ts';
import { overview } from './overview.ts';
import { recentList } from './pushes.ts';
import { takeTokenFromAddress } from './token.ts';
import { verdict } from './verdict.ts';
import { worldMap } from './world-map.ts';
import { world } from './world.ts';

/** In seconds. */
const refreshMapEvery = 5;

takeTokenFromAddress();
const views = [verdict(), overview(), letterList()];
const pushes = recentList();
const charts = drawCharts();
const detail = mapDetail();
const [table, map] = [mapTable(), worldMap(detail.select)];
const refresh = world((state) => {
  map(state);
  table(state);
  detail.show(state);
});
let messages = 0;

openEventStream({
  now(now) {
    for (const show of views) show(now);
    pushes(now.recent);
    if (messages % refreshMapEvery === 0 && !document.hidden) void refresh();
    messages += 1;
  },
  hour: charts.replace,
  slot: charts.add,
});
