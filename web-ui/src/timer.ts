// What a window's timer shows. Pure.

import type { WindowNow } from './types';

/** Judging that is older than this has stopped; the engine renews its view every second or so. */
export const STALLED_MS = 6_000;

/**
 * What the timer shows: the observed absence that the levels count, otherwise the time in this state. `ageMs` is the age of
 * the judgement when it was sent, `elapsedMs` the time since. Where judging has stopped, the timer stands where it stopped.
 */
export function timerMs(w: WindowNow, ageMs: number, elapsedMs: number): number {
  const stalled = ageMs > STALLED_MS;
  if (w.state === 'unstaffed' && w.absent_ms > 0) return w.absent_ms + (stalled ? 0 : ageMs + elapsedMs);
  return w.for_ms + (stalled ? -ageMs : elapsedMs);
}
