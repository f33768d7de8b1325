// The events of a day as the figures know them, oldest first.

import { LevelBadge } from '../components/LevelBadge';
import type { DayEvent } from '../figures-types';
import { duration, hourMinute } from '../format';
import { lang, t } from '../i18n';
import { shownEvent } from '../store';
import { codeText, subjectText } from '../texts';

export function DayEvents({ events, onMore }: { events: DayEvent[]; onMore: (() => void) | null }) {
  const words = t.value.figures;
  return (
    <section class="panel" aria-labelledby="day-events">
      <h2 id="day-events">{words.dayEvents(`${events.length}${onMore ? '+' : ''}`)}</h2>
      {events.length === 0 && <p class="empty">{words.noEvents}</p>}
      <ol class="day-events">
        {events.map((e) => (
          <li key={e.event_id} class={`event event--${e.level} ${e.end === null ? 'event--open' : 'event--closed'}`} data-testid="day-event">
            <button type="button" class="event__open" onClick={() => (shownEvent.value = e.event_id)}>
              <span class="event__line"><b class="event__subject">{subjectText(e.subject_kind, e.subject)}</b><LevelBadge level={e.level} /></span>
              <span class="event__code">{codeText(e.code)}</span>
              <span class="event__when">
                <span>{hourMinute(e.onset)}–{e.end ? hourMinute(e.end) : t.value.ongoing}</span>
                <span>{duration(e.duration_s * 1000, lang.value)}</span>
                {e.review !== 'suspected' && <span>{words.review[e.review]}</span>}
                {!e.counts && <span>{words.notCounted}</span>}
                {e.early_close && <span>{t.value.tag.early_close}</span>}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {onMore && <button type="button" class="button events__more" onClick={onMore}>{words.moreEvents}</button>}
    </section>
  );
}
