import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { linePath } from '../src/components/sparkline-path';
import { merged, shown } from '../src/event-list';
import { timerMs } from '../src/timer';
import type { EventRecord, WindowNow } from '../src/types';

const golden = (name: string) => JSON.parse(readFileSync(new URL(`../../edge-agent/src/web/golden/${name}.json`, import.meta.url), 'utf8'));
const record = golden('events').events[0] as EventRecord;
const row = (seq: number, event_id: string): EventRecord => ({ ...record, seq, event_id });

it('a list holds the newest revision of each event, newest first', () => {
  const check = (rows: [number, string][], add: [number, string], fits: boolean, expected: number[]) => {
    expect(merged(rows.map((r) => row(...r)), row(...add), fits).map((r) => r.seq)).toEqual(expected);
  };
  check([], [1, 'a'], true, [1]);
  check([[2, 'b'], [1, 'a']], [3, 'c'], true, [3, 2, 1]);
  check([[2, 'b'], [1, 'a']], [3, 'a'], true, [3, 2]);
  // Closed while only open ones are listed: it leaves the list.
  check([[2, 'b'], [1, 'a']], [3, 'a'], false, [2]);
  // Repeated or late after a reconnection: nothing changes.
  check([[3, 'a'], [2, 'b']], [3, 'a'], true, [3, 2]);
  check([[3, 'a'], [2, 'b']], [1, 'a'], true, [3, 2]);
});

it('an empty hall stands above its windows while it is empty', () => {
  const of = (seq: number, code: string, state: string) => ({ ...row(seq, String(seq)), code, state }) as EventRecord;
  const order = (rows: EventRecord[]) => shown(rows).map((r) => r.seq);
  expect(order([of(3, 'unstaffed', 'open'), of(2, 'hall_unstaffed', 'open'), of(1, 'unstaffed', 'open')])).toEqual([2, 3, 1]);
  expect(order([of(3, 'unstaffed', 'open'), of(2, 'hall_unstaffed', 'closed')])).toEqual([3, 2]);
});

it('a list does not grow without end', () => {
  let rows: EventRecord[] = [];
  for (let seq = 1; seq <= 1_000; seq += 1) rows = merged(rows, row(seq, String(seq)), true);
  expect([rows.length, rows[0]?.seq]).toEqual([400, 1_000]);
});

it('the timer of an unstaffed window is the observed absence, any other the time in its state', () => {
  const snapshot = golden('snapshot') as { windows: WindowNow[]; age_ms: number };
  const of = (state: string) => snapshot.windows.find((w) => w.state === state) as WindowNow;
  expect(timerMs(of('unstaffed'), snapshot.age_ms, 2_000)).toBe(440_000 + 500 + 2_000);
  expect(timerMs({ ...of('unstaffed'), absent_ms: 410_000 }, 500, 0)).toBe(410_500);
  expect(timerMs({ ...of('unstaffed'), absent_ms: 0 }, 500, 0)).toBe(440_000);
  expect(timerMs(of('paused'), snapshot.age_ms, 2_000)).toBe(61_000 + 2_000);
  // Judging stopped 20 s ago: the timer stands where it stopped.
  expect(timerMs(of('unstaffed'), 20_000, 2_000)).toBe(440_000);
  expect(timerMs(of('paused'), 20_000, 2_000)).toBe(41_000);
});

it('unknown lengths are gaps in the line, never nought', () => {
  const path = linePath([1, 2, null, 3], 4, 10);
  expect(path.match(/M/g)).toHaveLength(2);
  expect(path.match(/L/g)).toHaveLength(1);
  expect(linePath([null, null], 4, 10)).toBe('');
});
