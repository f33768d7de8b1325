// The list of events, newest first, live.

import { EventRow } from '../components/EventRow';
import { shown } from '../event-list';
import { t } from '../i18n';
import { filterEvents, readEvents } from '../live';
import { codeFilter, events, openCount, openOnly } from '../store';

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
      <ol class="events" tabIndex={0} aria-label={t.value.events} aria-busy={list.state === 'loading'}>
        {shown(list.rows).map((event) => <EventRow key={event.event_id} event={event} testid="event" />)}
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
