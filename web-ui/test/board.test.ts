import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { byUrgency, received } from '../src/inbox';
import { address, parse } from '../src/route';
import type { EventRecord, WindowNow } from '../src/types';
import { grid, pages } from '../src/wall-pages';

const golden = (name: string) => JSON.parse(readFileSync(new URL(`../../edge-agent/src/web/golden/${name}.json`, import.meta.url), 'utf8'));
const record = golden('events').events[0] as EventRecord;

describe('the inbox', () => {
  const of = (seq: number, change: Partial<EventRecord>) => ({ ...record, seq, event_id: `e${seq}`, state: 'open' as const, ...change });
  it('has the empty hall first, then the highest level, then the longest', () => {
    const rows = [
      of(1, { level: 'notice', onset: '2026-09-21T09:00:00+08:00' }),
      of(2, { level: 'severe', onset: '2026-09-21T10:00:00+08:00' }),
      of(3, { level: 'fault', onset: '2026-09-21T08:00:00+08:00' }),
      of(4, { level: 'severe', onset: '2026-09-21T09:30:00+08:00' }),
      of(5, { level: 'severe', code: 'hall_unstaffed', onset: '2026-09-21T10:05:00+08:00' }),
      of(6, { level: 'info', onset: '2026-09-21T07:00:00+08:00' }),
      of(7, { level: 'warn', onset: '2026-09-21T09:00:00+08:00' }),
    ];
    expect([...rows].sort(byUrgency).map((r) => r.seq)).toEqual([5, 4, 2, 7, 1, 3, 6]);
  });
  it('takes what opens, moves what rises and lets go what is closed, whatever comes twice', () => {
    let inbox: EventRecord[] = [];
    const take = (r: EventRecord) => (inbox = received(inbox, r));
    take(of(1, { event_id: 'a', level: 'notice' }));
    take(of(2, { event_id: 'b', level: 'warn' }));
    expect(inbox.map((r) => r.event_id)).toEqual(['b', 'a']);
    take(of(3, { event_id: 'a', level: 'severe' }));
    take(of(1, { event_id: 'a', level: 'notice' }));
    expect(inbox.map((r) => r.event_id)).toEqual(['a', 'b']);
    take(of(4, { event_id: 'a', state: 'closed' }));
    take(of(5, { event_id: 'c', state: 'closed' }));
    expect(inbox.map((r) => r.event_id)).toEqual(['b']);
  });
});

describe('the wall screen', () => {
  const base = golden('snapshot').windows[0] as WindowNow;
  const windows = (n: number, unstaffed: Record<number, number>): WindowNow[] =>
    Array.from({ length: n }, (_, i) => ({
      ...base, window: `W${i + 1}`, state: i + 1 in unstaffed ? 'unstaffed' : 'staffed', level: null, absent_ms: unstaffed[i + 1] ?? 0,
    }));
  const ids = (list: WindowNow[][]) => list.map((page) => page.map((w) => w.window).join(' '));

  it('shows all windows in their order where they fit', () => {
    expect(ids(pages(windows(3, { 2: 9 }), 6))).toEqual(['W1 W2 W3']);
  });
  it('has every window on a page, and those that need a person on every page, the longest first', () => {
    const all = pages(windows(10, { 4: 100, 9: 900 }), 6);
    expect(ids(all)).toEqual(['W9 W4 W1 W2 W3 W5', 'W9 W4 W6 W7 W8 W10']);
    expect(new Set(all.flat().map((w) => w.window)).size).toBe(10);
  });
  it('gives half of a page at most to those, and the first turns to the rest of them', () => {
    expect(ids(pages(windows(6, { 1: 5, 2: 4, 3: 3, 4: 2 }), 4))).toEqual(['W1 W2 W3 W4', 'W1 W2 W5 W6']);
    expect(ids(pages(windows(3, { 3: 9 }), 1))).toEqual(['W3', 'W1', 'W2']);
  });
  it('fills rows evenly', () => {
    expect(grid(8, { columns: 4, rows: 3 })).toEqual({ rows: 2, columns: 4 });
    expect(grid(5, { columns: 4, rows: 3 })).toEqual({ rows: 2, columns: 3 });
    expect(grid(1, { columns: 4, rows: 3 })).toEqual({ rows: 1, columns: 1 });
    expect(grid(0, { columns: 4, rows: 3 })).toEqual({ rows: 1, columns: 1 });
  });
});

it('every view has an address', () => {
  for (const [view, rest] of [['', null], ['wall', null], ['day', '2026-09-21'], ['month', '2026-09']] as const) {
    expect(parse(address(view, rest))).toMatchObject({ view, rest });
  }
  expect(parse('')).toMatchObject({ view: '', rest: null });
  expect(parse('#box').view).toBe('');
  expect(parse('#/wall?lang=en').query.get('lang')).toBe('en');
});
