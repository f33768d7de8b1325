// Made-up days and reports. The forms come from the agent's golden files, the rest is arithmetic.

import { readFileSync } from 'node:fs';

const golden = (name) => JSON.parse(readFileSync(new URL(`../../edge-agent/src/web/golden/${name}`, import.meta.url), 'utf8'));
const HOUR = 3600;
const DAY_MS = 86_400_000;

const text = (ms) => new Date(ms + 8 * HOUR * 1000).toISOString().slice(0, 10);

/** Yesterday and the 40 days before it, and today. */
export const days = (now) => ({ v: 1, today: text(now), days: Array.from({ length: 41 }, (_, i) => text(now - i * DAY_MS)) });

const staffing = (unstaffed, unknown, excused) => {
  const scheduled = 7 * HOUR;
  const observed = scheduled - unknown;
  const staffed = observed - unstaffed - excused;
  return {
    scheduled_s: scheduled, observed_s: observed, staffed_s: staffed, unstaffed_s: unstaffed, excused_s: excused, paused_s: 0, paused_over_s: 0,
    unknown_s: unknown, extra_open_s: 0, coverage: observed / scheduled, staffing_rate: staffed / (observed - excused),
  };
};
const HOURS = [9, 10, 11, 13, 14, 15, 16];
const share = (seed) => 1 - ((seed * 37) % 23) / 60;
const hour = (h, seed) => ({ hour: h, scheduled_s: HOUR, unstaffed_s: Math.round((1 - share(seed)) * HOUR), coverage: seed % 11 === 0 ? 0.3 : 1, staffing_rate: seed % 11 === 0 ? null : share(seed) });

function pieces(n) {
  const at = (h, class_, from, to) => ({ from_s: from * HOUR, to_s: to * HOUR, class: class_ });
  const off = [at(0, 'off_duty', 0, 9)];
  const gone = 9.5 + (n % 5) * 0.4;
  const middle = [['unstaffed', 'unstaffed'], ['paused', 'paused_over'], ['unknown', 'unknown'], ['excused', 'unstaffed']][n % 4];
  return [
    ...off, at(0, 'staffed', 9, gone), at(0, middle[0], gone, gone + 0.3), at(0, middle[1], gone + 0.3, gone + 0.5), at(0, 'staffed', gone + 0.5, 12),
    at(0, n % 6 === 0 ? 'extra_open' : 'off_duty', 12, 13), at(0, 'staffed', 13, 15 + (n % 3) * 0.5), at(0, 'unstaffed', 15 + (n % 3) * 0.5, 15.8 + (n % 3) * 0.3), at(0, 'staffed', 15.8 + (n % 3) * 0.3, 17), at(0, 'off_duty', 17, 24),
  ];
}

function queueDay(queue, n) {
  const steps = Array.from({ length: 84 }, (_, i) => ({ s: 9 * HOUR + i * 300 + (i >= 36 ? HOUR : 0), i }))
    .filter(({ i }) => i < 50 || i > 56)
    .map(({ s, i }) => {
      const mean = Math.max(0, 4 + 5 * Math.sin(i / 9 + n) + ((i * 7) % 5) / 3);
      const waits = i % 3 === 0 ? 2 : 0;
      return { from_s: s, len_mean: Number(mean.toFixed(2)), len_max: Math.ceil(mean + 2), saturated: false, waits, wait_mean_s: waits ? Math.round(mean * 150) : null, wait_max_s: waits ? Math.round(mean * 220) : null };
    });
  return { queue, wait_source: n === 0 ? 'ticket' : 'video', len_mean: 4.6, len_max: 13, waits: 54, wait_mean_s: 702.5, wait_max_s: 1_460, within_15min: 0.79, steps };
}

export function day(date, now, hall) {
  const kept = days(now).days;
  const at = kept.indexOf(date);
  if (at < 0) return null;
  const base = golden('day.json');
  const event = (n, window, hourOfDay, level, minutes, change = {}) => ({
    // Events that the mock's log knows, so that they open.
    ...base.events[0], event_id: `01K5M8Q7Z0${String([1, 3, 6, 20, 21, 31][n - 1]).padStart(16, '0')}`, subject: window, level,
    onset: `${date}T${String(Math.floor(hourOfDay)).padStart(2, '0')}:${String(Math.round((hourOfDay % 1) * 60)).padStart(2, '0')}:00.000+08:00`,
    end: `${date}T${String(Math.floor(hourOfDay + minutes / 60)).padStart(2, '0')}:${String(Math.round(((hourOfDay + minutes / 60) % 1) * 60)).padStart(2, '0')}:00.000+08:00`,
    duration_s: minutes * 60, absent_s: minutes * 60, ...change,
  });
  return {
    ...base, date, until: `${date}T17:00:00.000+08:00`, complete: at > 0, previous: kept[at + 1] ?? null, next: kept[at - 1] ?? null, staffing: staffing(2_400, 1_200, 900),
    windows: hall.windows.map((w, n) => ({ window: w.id, staffing: staffing(900 + n * 60, n % 4 === 2 ? 1_800 : 0, 0), pieces: pieces(n), hours: HOURS.map((h, i) => hour(h, n * 7 + i + 1)) })),
    queues: hall.queues.map((q, n) => queueDay(q.id, n)),
    hours: HOURS.map((h, i) => ({ ...hour(h, i + 3), len_mean: 2 + ((i * 5) % 7), waits: 12, wait_mean_s: 640 })),
    events: [
      event(1, 'W1', 9.5, 'severe', 30), event(2, 'W5', 11.1, 'notice', 12, { review: 'excused', counts: false }), event(3, 'Q1', 10.2, 'warn', 40, { subject_kind: 'queue', code: 'queue_long' }),
      event(4, 'W4', 15, 'warn', 48, { review: 'confirmed' }), event(5, 'cam3', 14.2, 'fault', 20, { subject_kind: 'camera', code: 'camera_offline' }), event(6, 'W3', 16, 'notice', 24),
    ],
  };
}

/** A whole month: the golden report with every hour of every working day, and months to compare with. */
export function report(month, now, hall) {
  if (!days(now).days.some((d) => d.startsWith(month))) return null;
  const base = golden('report.json');
  const [year, m] = month.split('-').map(Number);
  const workdays = Array.from({ length: new Date(year, m, 0).getDate() }, (_, i) => i + 1).filter((d) => ![0, 6].includes(new Date(year, m - 1, d).getDay()));
  const leading = (rate, n) => ({
    staffing: { ...base.staffing, staffing_rate: rate, coverage: 0.963 },
    events: { ...base.events, unstaffed: { ...base.events.unstaffed, n, total_s: n * 512 }, late_open: { ...base.events.late_open, n: 4 } },
    all_queues: { ...base.all_queues, within_15min: rate - 0.1, wait: { ...base.all_queues.wait, n: 1_204, mean_s: 700 - n } },
  });
  return {
    ...base, ...leading(0.9421, 37), month, until: `${month}-${String(new Date(year, m, 0).getDate()).padStart(2, '0')}T23:59:59.000+08:00`, complete: true, days: workdays.length,
    windows: hall.windows.map((w, n) => ({ ...base.windows[0], id: w.id, name: w.name, rank: n === 5 ? null : n + 1, staffing_rate: n === 5 ? null : 0.995 - n * 0.013, coverage: n === 5 ? 0.42 : 0.97 })),
    unstaffed_by_hour: Array.from({ length: 24 }, (_, h) => (HOURS.includes(h) ? (h * 5) % 9 : 0)),
    queues_by_hour: HOURS.map((h) => ({ ...base.queues_by_hour[0], id: String(h).padStart(2, '0'), len_mean: 2 + ((h * 3) % 7) })),
    peak_hour: 10,
    day_hours: workdays.flatMap((d) => HOURS.map((h, i) => ({ ...base.day_hours[0], ...hour(h, d * 3 + i), day: `${month}-${String(d).padStart(2, '0')}` }))),
    previous: { month: 'before', ...leading(0.9307, 44) }, year_before: { month: 'year', ...leading(0.9012, 61) },
  };
}

export function tables(month, lang, now, hall) {
  if (!days(now).days.some((d) => d.startsWith(month))) return null;
  const base = golden(lang === 'zh' ? 'report_tables_zh.json' : 'report_tables.json');
  return {
    ...base, month, left_out: 0,
    tables: base.tables.map((table, i) => (i !== 3 ? table : { ...table, rows: hall.windows.map((w) => [w.name[lang], ...table.rows[0].slice(1)]) })),
  };
}
