// How one more record changes a list of events. Pure.

import type { EventRecord } from './types';

/** More rows than anybody scrolls through; older ones come back by paging. */
const MAX_ROWS = 400;

/** The list after one more record: the newest revision of each event, newest first. */
export function merged(rows: EventRecord[], record: EventRecord, fits: boolean): EventRecord[] {
  const known = rows.find((r) => r.event_id === record.event_id);
  if (known && known.seq >= record.seq) return rows;
  const others = rows.filter((r) => r.event_id !== record.event_id);
  return fits ? [record, ...others].slice(0, MAX_ROWS) : others;
}

/** As shown: a hall that is empty as a whole stands above the windows' own events, as long as it is. */
export function shown(rows: EventRecord[]): EventRecord[] {
  const isHallEmpty = (r: EventRecord) => r.code === 'hall_unstaffed' && r.state === 'open';
  return [...rows.filter(isHallEmpty), ...rows.filter((r) => !isHallEmpty(r))];
}
