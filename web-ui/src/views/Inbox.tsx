// What waits for a person, the most urgent first; live.

import { EventRow } from '../components/EventRow';
import { t } from '../i18n';
import { inbox } from '../store';

/** More than anybody works through at a time; the list of events has all of them. */
const MAX_ROWS = 60;

export function Inbox() {
  const open = inbox.value;
  return (
    <section class="panel panel--inbox" aria-labelledby="inbox">
      <div class="panel__head">
        <h2 id="inbox">{t.value.inbox} {open && <span class="count" data-testid="inbox-count">{open.length}</span>}</h2>
        <span class="note note--inline">{t.value.inboxOrder}</span>
      </div>
      {!open && <p class="empty">{t.value.loading}</p>}
      {open?.length === 0 && <p class="empty">{t.value.inboxEmpty}</p>}
      {open && open.length > 0 && (
        <ol class="events events--inbox" tabIndex={0} aria-label={t.value.inbox}>
          {open.slice(0, MAX_ROWS).map((event) => <EventRow key={event.event_id} event={event} testid="inbox-event" />)}
        </ol>
      )}
      {open && open.length > MAX_ROWS && <p class="note">{t.value.inboxMore(open.length - MAX_ROWS)}</p>}
    </section>
  );
}
