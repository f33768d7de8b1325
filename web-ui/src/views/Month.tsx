// The month's report: leading figures with what they are compared with, charts, and the report's own tables. Prints on A4.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Answer } from '../api';
import { Chart, type Curve } from '../components/Chart';
import { Figure } from '../components/Figure';
import { HeatMap, rateField } from '../components/HeatMap';
import { getDays, getReport, getTables, reportFile } from '../figures-api';
import type { Days, Report, Tables } from '../figures-types';
import { duration, rate } from '../format';
import { lang, named, t } from '../i18n';
import { address, go, route } from '../route';
import { hall } from '../store';
import { ReportTable } from './ReportTable';
import '../styles/figures.css';
import '../styles/report.css';

export function Month() {
  const asked = route.value.rest;
  const chosen = lang.value;
  const [days, setDays] = useState<Answer<Days> | null>(null);
  const [report, setReport] = useState<Answer<Report> | null>(null);
  const [tables, setTables] = useState<Answer<Tables> | null>(null);
  const months = days?.kind === 'success' ? [...new Set(days.value.days.map((d) => d.slice(0, 7)))] : [];
  // Without a wish the last month that is over: it is the one that is printed.
  const today = days?.kind === 'success' ? days.value.today.slice(0, 7) : null;
  const month = asked ?? months.find((m) => m !== today) ?? months[0] ?? null;

  useEffect(() => {
    const stop = new AbortController();
    void getDays(stop.signal).then((got) => got.kind !== 'aborted' && setDays(got));
    return () => stop.abort();
  }, []);
  useEffect(() => {
    if (month === null) return;
    const stop = new AbortController();
    setReport(null);
    void getReport(month, stop.signal).then((got) => !stop.signal.aborted && setReport(got));
    return () => stop.abort();
  }, [month]);
  useEffect(() => {
    if (month === null) return;
    const stop = new AbortController();
    setTables(null);
    void getTables(month, chosen, stop.signal).then((got) => !stop.signal.aborted && setTables(got));
    return () => stop.abort();
  }, [month, chosen]);

  const made = report?.kind === 'success' ? report.value : null;
  const listed = tables?.kind === 'success' ? tables.value : null;
  const failed = [days, report, tables].find((answer) => answer?.kind === 'error');
  const ready = made !== null && listed !== null;
  const words = t.value.figures;
  const h = hall.value;
  return (
    <main class="figures report" id="main" tabIndex={-1} data-testid="month" data-month={ready ? made.month : undefined} aria-busy={!ready && !failed}>
      <div class="figures__bar">
        <h2>{words.month}</h2>
        <div class="figures__choose">
          <select aria-label={words.chooseMonth} value={month ?? ''} onChange={(e) => go('month', e.currentTarget.value)}>
            {month !== null && !months.includes(month) && <option value={month}>{month}</option>}
            {months.map((m) => <option key={m} value={m}>{m}</option>)}
          </select>
        </div>
        {month !== null && (
          <div class="figures__choose figures__files">
            {(['xlsx', 'csv', 'html'] as const).map((format) => (
              <a key={format} class="button" download href={reportFile(month, format, chosen)} data-testid={`file-${format}`} aria-label={`${words.download} ${format.toUpperCase()}`}>{format.toUpperCase()}</a>
            ))}
            <button type="button" class="button" disabled={!ready} onClick={() => print()}>{words.print}</button>
          </div>
        )}
      </div>
      {days?.kind === 'success' && months.length === 0 && <p class="empty">{words.none}</p>}
      {failed?.kind === 'error' && <p class="panel empty empty--error" role="alert">{failed.code === 'figures_none' ? words.notKept(month ?? '') : t.value.failed(failed.code === 'form' ? t.value.formMismatch : failed.code)}</p>}
      {!ready && !failed && month !== null && <p class="empty">{t.value.loading}</p>}
      {ready && (
        <>
          <header class="report__head">
            <h2>{words.reportTitle(made.month)}</h2>
            <p>{h && `${named(h.name, h.hall)} · `}{words.until(`${made.until.slice(0, 10)} ${made.until.slice(11, 16)}`)}</p>
            <p class="note">{made.about[chosen]}</p>
            {!made.complete && <p class="report__warning">{words.incomplete}</p>}
            {listed.left_out > 0 && <p class="report__warning">{words.leftOut(listed.left_out)}</p>}
          </header>
          <Leading report={made} />
          <ByWindow report={made} />
          <ByHour report={made} />
          <ByDay report={made} />
          {listed.tables.map((table) => <ReportTable key={table.title} table={table} />)}
          <section class="panel report__findings" aria-labelledby="findings"><h2 id="findings">{words.findings}</h2><div /></section>
        </>
      )}
    </main>
  );
}

type Month = Pick<Report, 'staffing' | 'events' | 'all_queues'>;

/** A leading figure: what it is in a month, how it is shown, how a change is. */
interface Lead {
  name: string;
  of: (month: Month) => number | null;
  show: (value: number) => string;
  change: (value: number) => string;
}

const signed = (value: number, digits: number) => `${value > 0 ? '+' : value < 0 ? '−' : '±'}${Math.abs(value).toFixed(digits)}`;

function Leading({ report }: { report: Report }) {
  const words = t.value.figures;
  const share = { show: (v: number) => rate(v, ''), change: (v: number) => words.points(signed(v * 100, 1)) };
  const count = { show: String, change: (v: number) => signed(v, 0) };
  const leads: Lead[] = [
    { name: words.rate, of: (m) => m.staffing.staffing_rate, ...share },
    { name: words.coverage, of: (m) => m.staffing.coverage, ...share },
    { name: words.unstaffedEvents, of: (m) => m.events.unstaffed.n, ...count },
    { name: words.unstaffedTime, of: (m) => m.events.unstaffed.total_s, show: (v) => duration(v * 1000, lang.value), change: (v) => `${v < 0 ? '−' : '+'}${duration(Math.abs(v) * 1000, lang.value)}` },
    { name: words.lateOpen, of: (m) => m.events.late_open.n, ...count },
    { name: words.within15, of: (m) => m.all_queues.within_15min, ...share },
    { name: words.meanWait, of: (m) => m.all_queues.wait.mean_s, show: (v) => duration(v * 1000, lang.value), change: (v) => `${v < 0 ? '−' : '+'}${duration(Math.abs(v) * 1000, lang.value)}` },
    { name: words.falseAlarms, of: (m) => m.events.cases.false_alarm_rate, ...share },
  ];
  const against = (lead: Lead, other: Month | null) => {
    const [own, before] = [lead.of(report), other ? lead.of(other) : null];
    return own === null || before === null ? words.noComparison : lead.change(own - before);
  };
  return (
    <dl class="figures__row" data-testid="leading">
      {leads.map((lead) => {
        const own = lead.of(report);
        return (
          <Figure key={lead.name} name={lead.name} value={own === null ? words.noData : lead.show(own)}>
            <small>{words.lastMonth}: {against(lead, report.previous)}</small>
            <small>{words.lastYear}: {against(lead, report.year_before)}</small>
          </Figure>
        );
      })}
    </dl>
  );
}

function ByWindow({ report }: { report: Report }) {
  const words = t.value.figures;
  if (report.windows.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="by-window">
      <h2 id="by-window">{words.byWindow}</h2>
      <ol class="bars">
        {report.windows.map((w) => (
          <li key={w.id} class="bars__row" data-testid="ranked" data-rank={w.rank}>
            <span class="bars__name"><b>{w.id}</b> {named(hall.value?.windows.find((i) => i.id === w.id)?.name, '')}</span>
            <span class="bars__bar" aria-hidden="true"><i style={{ '--share': w.staffing_rate ?? 0 }} /></span>
            <span class="bars__value">{rate(w.staffing_rate, words.noData)} <small>{w.rank === null ? words.unranked : words.rank(w.rank)}</small></span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function ByHour({ report }: { report: Report }) {
  const words = t.value.figures;
  const { x, curves, range } = useMemo(() => {
    const length = new Map(report.queues_by_hour.map((q) => [Number(q.id), q.len_mean]));
    const busy = [...length.keys(), ...report.unstaffed_by_hour.flatMap((n, h) => (n > 0 ? [h] : [])), ...report.day_hours.map((h) => h.hour)];
    const [first, last] = busy.length === 0 ? [8, 17] : [busy.reduce((a, b) => Math.min(a, b)), busy.reduce((a, b) => Math.max(a, b))];
    const x = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const curves: Curve[] = [
      { label: words.byHourCount, colour: '--unstaffed', kind: 'bars', values: x.map((h) => report.unstaffed_by_hour[h] ?? 0) },
      { label: words.byHourLength, colour: '--paused', kind: 'line', right: true, values: x.map((h) => length.get(h) ?? null) },
    ];
    return { x, curves, range: [first - 0.6, last + 0.6] as [number, number] };
  }, [report, lang.value]);
  return (
    <section class="panel" aria-labelledby="by-hour">
      <h2 id="by-hour">{words.byHour}</h2>
      <Chart label={words.byHourHint(report.peak_hour === null ? words.noData : `${report.peak_hour}:00`)} x={x} curves={curves} range={range}
        tick={(h) => (Number.isInteger(h) ? `${h}:00` : '')} steps={[1, 2, 4]} left={words.byHourCount} right={words.byHourLength} />
    </section>
  );
}

function ByDay({ report }: { report: Report }) {
  const words = t.value.figures;
  const hours = [...new Set(report.day_hours.map((h) => h.hour))].sort((a, b) => a - b);
  const days = [...new Set(report.day_hours.map((h) => h.day))];
  if (days.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="by-day">
      <h2 id="by-day">{words.days}</h2>
      <HeatMap caption={words.days} corner={words.date} columns={hours.map((h) => String(h).padStart(2, '0'))}
        rows={days.map((day) => ({
          label: day.slice(5), href: address('day', day), hint: words.openDay(day),
          fields: hours.map((hour) => rateField(report.day_hours.find((h) => h.day === day && h.hour === hour))),
        }))} />
      <p class="note">{words.heatHint}</p>
    </section>
  );
}
