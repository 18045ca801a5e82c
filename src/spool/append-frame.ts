// Appends a frame to the log, and puts the change in it into effect.

import type { Change } from './state/change.ts';
import { type FrameHead, frameKinds, type StoredRunKey } from './log/format.ts';
import { joinedPayload } from './log/payload.ts';
import type { Location } from './log/segment-log.ts';
import { type Opened, prepare, tell } from './opened-store.ts';
import { SpoolFull } from './spool-full.ts';
import { apply } from './state/state.ts';
import type { Appended } from './store.ts';

const noRun: StoredRunKey = { lo: 0, hi: 0, digest: 0 };

/** @throws SpoolFull when there is no room for it, and DiskFailed once the disk has failed */
export function append(opened: Opened, { text, pointCount = 0, run = noRun, change }: Appended): void {
  const refusal = opened.former?.refusal(change);
  if (refusal !== undefined) throw new SpoolFull(refusal);
  let kind: FrameHead['kind'] = frameKinds.points;
  let payload = text ?? '';
  if (change !== undefined || text === undefined) {
    const positions = change?.positions && { positions: opened.checkpoints.ahead(change.positions) };
    const changeText = JSON.stringify({ ...change, ...positions });
    kind = text === undefined ? frameKinds.change : frameKinds.both;
    payload = text === undefined ? changeText : joinedPayload(text, changeText);
  }
  if (!hasRoomFor(opened, payload.length))
    throw new SpoolFull(opened.room.scarcity() ?? 'disk: no room for another segment');
  const place = opened.log.append({ kind, points: pointCount, run }, payload);
  if (run.hi !== 0) opened.dedup.add(run, place.segment);
  if (change === undefined) return;
  opened.content.hold(place, change);
  put(opened, change, place);
}

/** What a sink has finished holds when what came of it is durable, since until then it may have to be written down again. */
function put(opened: Opened, change: Change, place: Location): void {
  const { finish, ...others } = change;
  const { checkpoints, clock } = opened;
  apply(opened.state, others, place, clock);
  tell(opened, others);
  if (finish === undefined) return;
  checkpoints.finishing(finish);
  const finished = (): void => {
    checkpoints.finished(finish);
    apply(opened.state, { finish }, place, clock);
  };
  opened.log.whenDurable(finished, () => checkpoints.finished(finish));
}

export function hasRoomFor(opened: Opened, bytes: number): boolean {
  if (opened.log.hasRoomFor(bytes)) return true;
  // Nothing was written yet, or the disk was full when it was last asked.
  if (opened.room.scarcity() === undefined) return true;
  prepare(opened);
  return false;
}
