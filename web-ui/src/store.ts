// What the page knows, as signals. Filled by live.ts, read by the views; nothing here fetches.

import { computed, signal } from '@preact/signals';
import { shifted } from './format';
import { STALLED_MS } from './timer';
import type { EventRecord, Hall, Health, History, Snapshot } from './types';

export type Link = 'connecting' | 'live' | 'lost';

export const hall = signal<Hall | null>(null);
/** The newest snapshot and the local monotonic time it came in. */
export const snapshot = signal<{ data: Snapshot; receivedMs: number } | null>(null);
export const health = signal<Health | null>(null);
export const history = signal<History | null>(null);
export const link = signal<Link>('connecting');
/** Local monotonic time; stands still while the link is down, so that no timer runs on data that is not there. */
export const tickMs = signal(performance.now());

/** Local monotonic time that always runs. */
export const clockMs = signal(performance.now());

/** Milliseconds since the snapshot came in, by the local monotonic clock. */
export const elapsedMs = computed(() => {
  const held = snapshot.value;
  return held ? Math.max(0, tickMs.value - held.receivedMs) : 0;
});

/** The hall's wall clock now, RFC 3339; null before the first snapshot. */
export const hallNow = computed(() => {
  const held = snapshot.value;
  return held ? shifted(held.data.now, elapsedMs.value) : null;
});

/** Connected, but the judgements are old: the engine does not run. */
export const stalled = computed(() => (snapshot.value?.data.age_ms ?? 0) > STALLED_MS);

/** How old what is shown is, in whole seconds of the local clock; grows also while the link is down. */
export const ageS = computed(() => {
  const held = snapshot.value;
  return held ? Math.max(0, Math.floor((held.data.age_ms + clockMs.value - held.receivedMs) / 1000)) : 0;
});

export interface EventList {
  state: 'loading' | 'ready' | 'error';
  reason: string;
  rows: EventRecord[];
  nextBeforeSeq: number | null;
}

export const openOnly = signal(false);
export const codeFilter = signal<string | null>(null);
export const openCount = signal<number | null>(null);
export const events = signal<EventList>({ state: 'loading', reason: '', rows: [], nextBeforeSeq: null });
/** Open events, the most urgent first; null before they were read. */
export const inbox = signal<EventRecord[] | null>(null);
/** The newest alarm, for screen readers. */
export const announced = signal<EventRecord | null>(null);

export function fitsFilter(record: EventRecord): boolean {
  return (!openOnly.value || record.state === 'open') && (codeFilter.value === null || record.code === codeFilter.value);
}

/** What is open in the detail dialog. */
export const shownEvent = signal<string | null>(null);
export const shownCamera = signal<string | null>(null);
