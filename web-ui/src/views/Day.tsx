// One kept day: what every window's time was, how long the queues were, what was found.

import { useEffect, useState } from 'preact/hooks';
import type { Answer } from '../api';
import { Figure } from '../components/Figure';
import { HeatMap, rateField } from '../components/HeatMap';
import { getDay, getDays } from '../figures-api';
import type { Day as DayFigures, DayEvent, Days } from '../figures-types';
import { duration, hourMinute, limit, rate } from '../format';
import { lang, named, t } from '../i18n';
import { address, go, route } from '../route';
import { hall } from '../store';
import { inOrder } from '../timeline';
import { DayEvents } from './DayEvents';
import { QueueCurves } from './QueueCurves';
import { Timeline } from './Timeline';
import '../styles/figures.css';

/** The box writes every minute. */
const REFRESH_MS = 60_000;

export function Day() {
  const asked = route.value.rest;
  const [days, setDays] = useState<Answer<Days> | null>(null);
  const [answer, setAnswer] = useState<Answer<DayFigures> | null>(null);
  const today = days?.kind === 'success' ? days.value.today : null;
  const date = asked ?? today;

  useEffect(() => {
    const stop = new AbortController();
    void getDays(stop.signal).then((got) => got.kind !== 'aborted' && setDays(got));
    return () => stop.abort();
  }, []);

  useEffect(() => {
    if (date === null) return;
    const stop = new AbortController();
    const read = () => void getDay(date, null, stop.signal).then((got) => got.kind !== 'aborted' && setAnswer(got));
    setAnswer(null);
    read();
    // Only today changes by itself.
    const timer = date === today ? setInterval(read, REFRESH_MS) : undefined;
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [date, today]);

  const figures = answer?.kind === 'success' ? answer.value : null;
  const failed = days?.kind === 'error' ? days : answer?.kind === 'error' ? answer : null;
  return (
    <main class="figures" id="main" tabIndex={-1} data-testid="day" data-date={figures?.date} aria-busy={!figures && !failed}>
      <div class="figures__bar">
        <h2>{t.value.figures.day}</h2>
        <Chooser date={date} days={days?.kind === 'success' ? days.value : null} figures={figures} />
        {figures && <p class="note note--inline">{t.value.figures.until(`${figures.until.slice(0, 10)} ${hourMinute(figures.until)}`)} · {t.value.figures.source}</p>}
      </div>
      {failed && <p class="panel empty empty--error" role="alert">{failed.code === 'figures_none' ? t.value.figures.notKept(date ?? '') : t.value.failed(failed.code === 'form' ? t.value.formMismatch : failed.code)}</p>}
      {!figures && !failed && <p class="empty">{t.value.loading}</p>}
      {figures && <Shown day={figures} />}
    </main>
  );
}

function Chooser({ date, days, figures }: { date: string | null; days: Days | null; figures: DayFigures | null }) {
  const kept = days?.days ?? [];
  // Of a day that is not kept the nearest kept ones are found in the list.
  const previous = figures?.previous ?? kept.find((d) => date !== null && d < date) ?? null;
  const next = figures?.next ?? [...kept].reverse().find((d) => date !== null && d > date) ?? null;
  const step = (to: string | null, name: string, sign: string) =>
    to === null ? <span class="button" aria-disabled="true">{sign}</span> : <a class="button" href={address('day', to)} aria-label={`${name}: ${to}`} title={name}>{sign}</a>;
  return (
    <div class="figures__choose">
      {step(previous, t.value.figures.previousDay, '‹')}
      <input type="date" aria-label={t.value.figures.date} value={date ?? ''} min={kept.at(-1) ?? ''} max={kept[0] ?? ''}
        onChange={(e) => e.currentTarget.value && go('day', e.currentTarget.value)} />
      {step(next, t.value.figures.nextDay, '›')}
      {days && date !== days.today && <a class="button" href={address('day')}>{t.value.figures.today}</a>}
    </div>
  );
}

function Shown({ day }: { day: DayFigures }) {
  const words = t.value.figures;
  const windows = inOrder(day.windows, (w) => w.window, hall.value?.windows.map((w) => w.id) ?? []);
  const waits = day.queues.reduce((n, q) => n + q.waits, 0);
  const meanS = waits > 0 ? day.queues.reduce((s, q) => s + (q.wait_mean_s ?? 0) * q.waits, 0) / waits : null;
  const longest = day.queues.reduce<number | null>((most, q) => (q.len_max === null ? most : Math.max(most ?? 0, q.len_max)), null);
  const counted = day.events.filter((e) => e.code === 'unstaffed' && e.counts);
  return (
    <>
      <dl class="figures__row">
        <Figure name={words.rate} value={rate(day.staffing.staffing_rate, words.noData)} />
        <Figure name={words.coverage} value={rate(day.staffing.coverage, words.noData)} />
        <Figure name={words.unstaffedTime} value={limit(day.staffing.unstaffed_s * 1000, lang.value)}><small>{t.value.times(counted.length)}</small></Figure>
        <Figure name={words.longestQueue} value={longest === null ? words.noData : String(longest)} />
        <Figure name={words.meanWait} value={meanS === null ? words.noData : duration(meanS * 1000, lang.value)}><small>{words.samples(waits)}</small></Figure>
      </dl>
      <Timeline day={{ ...day, windows }} />
      <QueueCurves day={day} />
      <DayHeat day={{ ...day, windows }} />
      <Events key={day.date} day={day} />
    </>
  );
}

function DayHeat({ day }: { day: DayFigures }) {
  const hours = day.hours.map((h) => h.hour);
  const field = (all: { hour: number; scheduled_s: number; staffing_rate: number | null }[], hour: number) => rateField(all.find((h) => h.hour === hour));
  const longest = Math.max(1, ...day.hours.map((h) => h.len_mean ?? 0));
  return (
    <section class="panel" aria-labelledby="day-heat">
      <h2 id="day-heat">{t.value.figures.heat}</h2>
      <HeatMap caption={t.value.figures.heat} corner={t.value.windows} columns={hours.map((h) => String(h).padStart(2, '0'))}
        rows={[
          ...day.windows.map((w) => ({ label: `${w.window} ${named(hall.value?.windows.find((i) => i.id === w.window)?.name, '')}`.trim(), fields: hours.map((h) => field(w.hours, h)) })),
          { label: t.value.figures.hall, fields: hours.map((h) => field(day.hours, h)) },
          ...(day.queues.length === 0 ? [] : [{
            label: t.value.figures.heatQueue,
            fields: day.hours.map((h) => (h.len_mean === null ? null : { text: h.len_mean.toFixed(1), share: (h.len_mean / longest) * 0.8 })),
          }]),
        ]} />
      <p class="note">{t.value.figures.heatHint}</p>
    </section>
  );
}

/** The day's events; further pages on demand. */
function Events({ day }: { day: DayFigures }) {
  const [later, setLater] = useState<{ events: DayEvent[]; after: string | null } | null>(null);
  const after = later ? later.after : day.next_after;
  const more = async () => {
    const got = await getDay(day.date, after, AbortSignal.timeout(REFRESH_MS));
    if (got.kind === 'success') setLater({ events: [...(later?.events ?? []), ...got.value.events], after: got.value.next_after });
  };
  return <DayEvents events={[...day.events, ...(later?.events ?? [])]} onMore={after === null ? null : () => void more()} />;
}
