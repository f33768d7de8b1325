// The list of events, newest first, live.

import { LevelBadge } from '../components/LevelBadge';
import { shown } from '../event-list';
import { duration, moment } from '../format';
import { lang, t, word } from '../i18n';
import { filterEvents, readEvents } from '../live';
import { codeFilter, events, hallNow, openCount, openOnly, shownEvent } from '../store';
import { codeText, subjectText } from '../texts';
import type { EventRecord } from '../types';

export function Events() {
  const list = events.value;
  return (
    <section class="panel panel--events" aria-labelledby="events">
      <div class="panel__head">
        <h2 id="events">{t.value.events}</h2>
        <div class="filters">
          <div class="segments" role="group" aria-label={t.value.filterState}>
            <button type="button" class="button" aria-pressed={!openOnly.value} onClick={() => filterEvents({ openOnly: false })}>{t.value.eventsAll}</button>
            <button type="button" class="button" aria-pressed={openOnly.value} onClick={() => filterEvents({ openOnly: true })}>{t.value.eventsOpen(openCount.value ?? 0)}</button>
          </div>
          <select aria-label={t.value.filterCode} value={codeFilter.value ?? ''} onChange={(e) => filterEvents({ code: e.currentTarget.value || null })}>
            <option value="">{t.value.allCodes}</option>
            {Object.entries(t.value.code).map(([code, name]) => <option key={code} value={code}>{name}</option>)}
          </select>
        </div>
      </div>
      <ol class="events" aria-busy={list.state === 'loading'}>
        {shown(list.rows).map((event) => <Row key={event.event_id} event={event} />)}
      </ol>
      {list.state === 'loading' && <p class="empty">{t.value.loading}</p>}
      {list.state === 'error' && (
        <p class="empty empty--error">
          {t.value.failed(list.reason === 'form' ? t.value.formMismatch : list.reason === 'network' ? t.value.noAnswer : list.reason)}{' '}
          <button type="button" class="button" onClick={() => void readEvents()}>{t.value.retry}</button>
        </p>
      )}
      {list.state === 'ready' && list.rows.length === 0 && <p class="empty">{openOnly.value ? t.value.noOpenEvents : t.value.noEvents}</p>}
      {list.nextBeforeSeq !== null && <button type="button" class="button events__more" onClick={() => void readEvents(true)}>{t.value.more}</button>}
    </section>
  );
}

/** Length of an event: as recorded when closed, running on by the hall's clock while open. */
export function lengthMs(event: EventRecord, now: string | null): number {
  const recorded = event.duration_s * 1000;
  return event.state === 'open' && now ? recorded + Math.max(0, Date.parse(now) - Date.parse(event.updated)) : recorded;
}

function Row({ event }: { event: EventRecord }) {
  const now = hallNow.value;
  return (
    <li class={`event event--${event.level} event--${event.state}`} data-testid="event" data-seq={event.seq} data-code={event.code} data-state={event.state}>
      <button type="button" class="event__open" onClick={() => (shownEvent.value = event.event_id)}>
        <span class="event__line">
          <b class="event__subject">{subjectText(event.subject_kind, event.subject)}</b>
          <LevelBadge level={event.level} />
        </span>
        <span class="event__code">{codeText(event.code)}</span>
        <span class="event__when">
          <span>{moment(event.onset, now)}–{event.end ? moment(event.end, now) : t.value.ongoing}</span>
          <span>{duration(lengthMs(event, now), lang.value)}</span>
          {event.rev > 1 && <span>{t.value.revisions(event.rev)}</span>}
          {event.tags.map((tag) => <span key={tag}>{word(t.value.tag, tag)}</span>)}
        </span>
      </button>
    </li>
  );
}
