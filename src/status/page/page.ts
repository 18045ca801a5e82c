// The page's program: joins the live events with what shows them.

import { board } from './overview.ts';
import { drawCharts } from './charts.ts';
import { letterList } from './letters.ts';
import { listenLive } from './event-stream.ts';
import { mapDetail } from './map-detail.ts';
import { mapTable } from './map-table.ts';
import { recentList } from './pushes.ts';
import { takeTokenOfAddress } from './token.ts';
import { verdict } from './verdict.ts';
import { world } from './world.ts';
import { worldMap } from './world-map.ts';

/** In messages, one a second. */
const mapEvery = 5;

takeTokenOfAddress();
const shows = [verdict(), board(), letterList()];
const list = recentList();
const charts = drawCharts();
const detail = mapDetail();
const [table, map] = [mapTable(), worldMap(detail.point)];
const shown = world((state) => {
  map.show(state);
  table(state);
  detail.show(state);
});
let messages = 0;

listenLive({
  now(now) {
    for (const show of shows) show(now);
    list(now.recent);
    if (messages % mapEvery === 0 && !document.hidden) void shown.refresh();
    messages += 1;
  },
  hour: charts.begin,
  slot: charts.add,
});
