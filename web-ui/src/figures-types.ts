// The HTTP forms of days and reports as the page reads them; test/types.test.ts holds them against the agent's golden files.

import { flag, list, number, object, one, oneOf, orNull, text, type Infer } from './shape';
import { level } from './types';

export const timeClass = oneOf(['staffed', 'unstaffed', 'excused', 'paused', 'paused_over', 'unknown', 'off_duty', 'extra_open']);
export const review = oneOf(['suspected', 'confirmed', 'false_alarm', 'excused', 'feedback', 'closed', 'appealed', 'upheld', 'downgraded', 'revoked']);

export const daysShape = object({ v: one, today: text, days: list(text) });

const staffing = object({
  scheduled_s: number, observed_s: number, staffed_s: number, unstaffed_s: number, excused_s: number, paused_s: number,
  paused_over_s: number, unknown_s: number, extra_open_s: number, coverage: orNull(number), staffing_rate: orNull(number),
});
const hourFields = { hour: number, scheduled_s: number, unstaffed_s: number, coverage: orNull(number), staffing_rate: orNull(number) };
const waitFields = { waits: number, wait_mean_s: orNull(number) };

const dayEvent = object({
  event_id: text, rev: number, subject_kind: text, subject: text, code: text, level, onset: text, end: orNull(text), duration_s: number,
  absent_s: number, early_close: flag, review, counts: flag,
});

export const dayShape = object({
  v: one, date: text, source: text, until: text, complete: flag, previous: orNull(text), next: orNull(text), staffing,
  windows: list(object({
    window: text, staffing,
    pieces: list(object({ from_s: number, to_s: number, class: timeClass })),
    hours: list(object(hourFields)),
  })),
  step_s: number,
  queues: list(object({
    queue: text, wait_source: orNull(oneOf(['ticket', 'video'])), len_mean: orNull(number), len_max: orNull(number), ...waitFields, wait_max_s: orNull(number),
    within_15min: orNull(number),
    steps: list(object({ from_s: number, len_mean: orNull(number), len_max: orNull(number), saturated: flag, ...waitFields, wait_max_s: orNull(number) })),
  })),
  hours: list(object({ ...hourFields, len_mean: orNull(number), ...waitFields })),
  events: list(dayEvent),
  next_after: orNull(text),
});

export const tablesShape = object({
  v: one, month: text, lang: oneOf(['zh', 'en']), left_out: number,
  tables: list(object({ title: text, note: orNull(text), columns: list(text), numbers: list(flag), rows: list(list(text)) })),
});

/** Of the report (docs/metrics.md) what the page draws; its tables come in words of their own. */
const leading = {
  staffing: object({ staffing_rate: orNull(number), coverage: orNull(number) }),
  events: object({
    unstaffed: object({ n: number, total_s: number }), late_open: object({ n: number }), cases: object({ false_alarm_rate: orNull(number) }),
  }),
  all_queues: object({ within_15min: orNull(number), wait: object({ n: number, mean_s: orNull(number) }) }),
};

export const reportShape = object({
  v: one, month: text, until: text, complete: flag, about: object({ zh: text, en: text }), ...leading,
  windows: list(object({ id: text, rank: orNull(number), staffing_rate: orNull(number), coverage: orNull(number) })),
  unstaffed_by_hour: list(number),
  queues_by_hour: list(object({ id: text, len_mean: orNull(number) })),
  peak_hour: orNull(number),
  day_hours: list(object({ day: text, hour: number, scheduled_s: number, coverage: orNull(number), staffing_rate: orNull(number), len_mean: orNull(number) })),
  previous: orNull(object({ month: text, ...leading })),
  year_before: orNull(object({ month: text, ...leading })),
});

export type Days = Infer<typeof daysShape>;
export type Day = Infer<typeof dayShape>;
export type DayEvent = Infer<typeof dayEvent>;
export type TimeClass = (typeof timeClass.values)[number];
export type Report = Infer<typeof reportShape>;
export type Tables = Infer<typeof tablesShape>;
