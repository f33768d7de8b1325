// Reads kept days and the month's report.

import { json } from './api';
import { dayShape, daysShape, reportShape, tablesShape } from './figures-types';
import type { Lang } from './format';

/** A report reads three months of days. */
const REPORT_MS = 30_000;

export const getDays = (signal: AbortSignal) => json('/api/days', daysShape, signal);

export function getDay(date: string, after: string | null, signal: AbortSignal) {
  const query = new URLSearchParams({ date });
  if (after !== null) query.set('after', after);
  return json(`/api/day?${query}`, dayShape, signal);
}

const patient = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(REPORT_MS)]);

export const getReport = (month: string, signal: AbortSignal) => json(`/api/report?month=${month}`, reportShape, patient(signal));

export const getTables = (month: string, lang: Lang, signal: AbortSignal) => json(`/api/report/tables?month=${month}&lang=${lang}`, tablesShape, patient(signal));

export const reportFile = (month: string, format: 'csv' | 'xlsx' | 'html', lang: Lang) => `/api/report?month=${month}&format=${format}&lang=${lang}`;
