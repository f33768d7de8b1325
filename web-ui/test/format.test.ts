import { describe, expect, it } from 'vitest';
import { bytes, count, duration, hourMinute, limit, moment, percent, shifted } from '../src/format';

describe('durations', () => {
  const check = (ms: number, zh: string, en: string) => {
    expect([duration(ms, 'zh'), duration(ms, 'en')]).toEqual([zh, en]);
  };
  it('are read as people say them, rounded down', () => {
    check(440_000, '7 分 20 秒', '7 min 20 s');
    check(0, '0 秒', '0 s');
    check(999, '0 秒', '0 s');
    check(-5_000, '0 秒', '0 s');
    check(59_999, '59 秒', '59 s');
    check(60_000, '1 分 0 秒', '1 min 0 s');
    check(299_999, '4 分 59 秒', '4 min 59 s');
    check(3_599_999, '59 分 59 秒', '59 min 59 s');
    check(3_600_000, '1 小时 0 分', '1 h 0 min');
    check(86_400_000 * 3 + 3_600_000, '3 天 1 小时', '3 d 1 h');
  });
  it('of limits leave out a part that is nought', () => {
    for (const [ms, zh, en] of [[180_000, '3 分', '3 min'], [90_000, '1 分 30 秒', '1 min 30 s'], [20_000, '20 秒', '20 s'], [7_200_000, '2 小时', '2 h'], [600_000, '10 分', '10 min']] as const) {
      expect([limit(ms, 'zh'), limit(ms, 'en')]).toEqual([zh, en]);
    }
  });
});

describe('times', () => {
  it('are the hall\'s, whatever the viewer\'s zone', () => {
    expect(hourMinute('2026-09-21T10:05:07.000+08:00')).toBe('10:05');
    expect(moment('2026-09-21T10:05:07.000+08:00', '2026-09-21T23:00:00+08:00')).toBe('10:05');
    expect(moment('2026-09-20T10:05:07.000+08:00', '2026-09-21T23:00:00+08:00')).toBe('09-20 10:05');
    expect(moment('2026-09-20T10:05:07.000+08:00', null)).toBe('10:05');
  });
  it('move on in their own offset', () => {
    const check = (from: string, ms: number, to: string) => expect(shifted(from, ms)).toBe(to);
    check('2026-09-21T10:07:19.500+08:00', 500, '2026-09-21T10:07:20+08:00');
    check('2026-09-21T23:59:59.000+08:00', 1_000, '2026-09-22T00:00:00+08:00');
    check('2026-01-01T00:00:00.000-03:30', -1_000, '2025-12-31T23:59:59-03:30');
    check('2026-01-01T00:00:00Z', 61_000, '2026-01-01T00:01:01Z');
  });
});

it('sizes, counts and shares are short', () => {
  expect([0, 999, 1000, 4_194_304, 2.5e12].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '4.2 MB', '2.5 TB']);
  expect([7, 1234, 48_213, 1_000_000].map(count)).toEqual(['7', '1\u2009234', '48\u2009213', '1\u2009000\u2009000']);
  expect([0, 0.934, 1].map(percent)).toEqual(['0 %', '93 %', '100 %']);
});
