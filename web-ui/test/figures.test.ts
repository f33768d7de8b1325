import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rateField } from '../src/components/HeatMap';
import { dayShape } from '../src/figures-types';
import { axisOf, clock, inOrder, place, secondsOf, ticks, totals } from '../src/timeline';

const day = dayShape.read(JSON.parse(readFileSync(new URL('../../edge-agent/src/web/golden/day.json', import.meta.url), 'utf8')), 'day');

it('a day is drawn from the first to the last hour in which there was something', () => {
  expect(axisOf(day)).toEqual({ fromS: 9 * 3600, toS: 11 * 3600 });
  expect(axisOf({ windows: [], queues: [], step_s: 300 })).toEqual({ fromS: 8 * 3600, toS: 18 * 3600 });
  const axis = { fromS: 32_400, toS: 61_200 };
  expect([place(32_400, axis), place(46_800, axis), place(0, axis), place(90_000, axis)]).toEqual([0, 0.5, 0, 1]);
  expect(ticks(axis).map(clock)).toEqual(['09:00', '10:00', '11:00', '12:00', '13:00', '14:00', '15:00', '16:00', '17:00']);
  expect(ticks({ fromS: 0, toS: 86_400 })).toHaveLength(13);
});

it('the pieces of a window are said with the longest first', () => {
  const w3 = day.windows.find((w) => w.window === 'W3');
  expect(totals(w3?.pieces ?? []).map(([c, s]) => `${c} ${s}`)).toEqual(['off_duty 32400', 'staffed 2460', 'unstaffed 1140', 'unknown 300']);
});

it('an instant is placed by the hall\'s clock, whatever the viewer\'s zone', () => {
  expect(secondsOf('2026-09-21T09:20:30.000+08:00')).toBe(9 * 3600 + 20 * 60 + 30);
});

it('windows stand in the order of the hall, unknown ones at the end by number', () => {
  expect(inOrder(['W10', 'W2', 'X9', 'X10', 'W1'], (id) => id, ['W1', 'W2', 'W10'])).toEqual(['W1', 'W2', 'W10', 'X9', 'X10']);
});

it('a field says the rate, that too little was seen, or nothing off duty', () => {
  expect(rateField({ scheduled_s: 3600, staffing_rate: 0.914 })).toEqual({ text: '91', share: 1 - 0.914 });
  expect(rateField({ scheduled_s: 3600, staffing_rate: null })).toEqual({ text: '–', share: null });
  expect(rateField({ scheduled_s: 0, staffing_rate: null })).toBeNull();
  expect(rateField(undefined)).toBeNull();
});
