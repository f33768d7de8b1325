// What of a day is shown, and where. Pure.

import type { Day, TimeClass } from './figures-types';

export interface Axis {
  fromS: number;
  toS: number;
}

const HOUR_S = 3600;

/** From the first to the last hour in which anything was scheduled, served or counted; 8 to 18 where nothing was. */
export function axisOf(day: Pick<Day, 'windows' | 'queues' | 'step_s'>): Axis {
  const busy = day.windows.flatMap((w) => w.pieces.filter((p) => p.class !== 'off_duty').flatMap((p) => [p.from_s, p.to_s]));
  const steps = day.queues.flatMap((q) => q.steps.flatMap((s) => [s.from_s, s.from_s + day.step_s]));
  const all = [...busy, ...steps];
  if (all.length === 0) return { fromS: 8 * HOUR_S, toS: 18 * HOUR_S };
  const least = all.reduce((a, b) => Math.min(a, b));
  const most = all.reduce((a, b) => Math.max(a, b));
  return { fromS: Math.floor(least / HOUR_S) * HOUR_S, toS: Math.ceil(most / HOUR_S) * HOUR_S };
}

/** Where an instant lies on the axis, as a share of it; not beyond its ends. */
export const place = (s: number, axis: Axis) => Math.min(1, Math.max(0, (s - axis.fromS) / (axis.toS - axis.fromS)));

/** Every hour of the axis, with room between: at most twelve labels. */
export function ticks(axis: Axis): number[] {
  const hours = (axis.toS - axis.fromS) / HOUR_S;
  const step = Math.ceil(hours / 12);
  return Array.from({ length: Math.floor(hours / step) + 1 }, (_, i) => axis.fromS + i * step * HOUR_S);
}

/** `09:05` of seconds after midnight. */
export const clock = (s: number) => `${String(Math.floor(s / HOUR_S)).padStart(2, '0')}:${String(Math.floor((s % HOUR_S) / 60)).padStart(2, '0')}`;

/** Seconds after its own midnight of an RFC 3339 text. */
export const secondsOf = (rfc3339: string) => Number(rfc3339.slice(11, 13)) * HOUR_S + Number(rfc3339.slice(14, 16)) * 60 + Number(rfc3339.slice(17, 19));

/** Time in each class, the longest first. */
export function totals(pieces: Day['windows'][number]['pieces']): [TimeClass, number][] {
  const sums = new Map<TimeClass, number>();
  for (const p of pieces) sums.set(p.class, (sums.get(p.class) ?? 0) + p.to_s - p.from_s);
  return [...sums].sort((a, b) => b[1] - a[1]);
}

/** In the order of the hall; what is configured no longer comes last. */
export function inOrder<T>(items: T[], id: (item: T) => string, order: string[]): T[] {
  const rank = (item: T) => (order.indexOf(id(item)) + order.length + 1) % (order.length + 1);
  return [...items].sort((a, b) => rank(a) - rank(b) || id(a).localeCompare(id(b), 'en', { numeric: true }));
}
