// What waits for a person: open findings, the most urgent first. Pure.

import type { EventRecord, Level } from './types';

const URGENCY: Record<Level, number> = { severe: 0, warn: 1, notice: 2, fault: 3, info: 4 };

/** A hall that is empty as a whole before all else, then by level, then the longest first. */
export function byUrgency(a: EventRecord, b: EventRecord): number {
  const hall = (e: EventRecord) => (e.code === 'hall_unstaffed' ? 0 : 1);
  return hall(a) - hall(b) || URGENCY[a.level] - URGENCY[b.level] || Date.parse(a.onset) - Date.parse(b.onset) || a.seq - b.seq;
}

/** The inbox after one more record: what is closed leaves it. */
export function received(inbox: EventRecord[], record: EventRecord): EventRecord[] {
  const known = inbox.find((e) => e.event_id === record.event_id);
  if (known && known.seq >= record.seq) return inbox;
  const others = inbox.filter((e) => e.event_id !== record.event_id);
  return record.state === 'open' ? [...others, record].sort(byUrgency) : known ? others : inbox;
}
