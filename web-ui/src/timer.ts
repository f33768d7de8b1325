// What a window's timer shows. Pure.

import type { WindowNow } from './types';

/** What the timer shows: the observed absence that the levels count, otherwise the time in this state. */
export function timerMs(w: WindowNow, ageMs: number, elapsed: number): number {
  return w.state === 'unstaffed' && w.absent_ms > 0 ? w.absent_ms + ageMs + elapsed : w.for_ms + elapsed;
}
