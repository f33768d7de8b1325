// How windows are spread over the pages of a wall screen. Pure.

import type { WindowNow } from './types';

const LEVELS = ['notice', 'warn', 'severe'];

/** The longest and highest absence first. */
function byNeed(a: WindowNow, b: WindowNow): number {
  return LEVELS.indexOf(b.level ?? '') - LEVELS.indexOf(a.level ?? '') || b.absent_ms - a.absent_ms;
}

/**
 * Pages of at most `capacity` windows. Where they do not all fit, windows that need a person stand on every page, up to half of it:
 * whoever looks up sees them at once, whichever page is on. The others take turns in their own order.
 */
export function pages(windows: WindowNow[], capacity: number): WindowNow[][] {
  if (windows.length <= capacity) return [windows];
  const needy = windows.filter((w) => w.state === 'unstaffed').sort(byNeed);
  const pinned = needy.slice(0, Math.floor(capacity / 2));
  const left = needy.slice(pinned.length);
  const turns = [...left, ...windows.filter((w) => !needy.includes(w))];
  const each = capacity - pinned.length;
  return Array.from({ length: Math.max(1, Math.ceil(turns.length / each)) }, (_, n) => [...pinned, ...turns.slice(n * each, (n + 1) * each)]);
}

/** Columns and rows for `n` tiles where at most so many fit: as few rows as needed, evenly filled. */
export function grid(n: number, most: { columns: number; rows: number }): { columns: number; rows: number } {
  const rows = Math.max(1, Math.min(most.rows, Math.ceil(n / most.columns)));
  return { rows, columns: Math.max(1, Math.ceil(n / rows)) };
}
