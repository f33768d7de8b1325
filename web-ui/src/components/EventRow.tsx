// One event in a list; a click opens it.

import { duration, moment } from '../format';
import { lang, t, word } from '../i18n';
import { hallNow, shownEvent } from '../store';
import { codeText, subjectText } from '../texts';
import type { EventRecord } from '../types';
import { LevelBadge } from './LevelBadge';

/** Length of an event: as recorded when closed, running on by the hall's clock while open. */
export function lengthMs(event: EventRecord, now: string | null): number {
  const recorded = event.duration_s * 1000;
  return event.state === 'open' && now ? recorded + Math.max(0, Date.parse(now) - Date.parse(event.updated)) : recorded;
}

export function EventRow({ event, testid }: { event: EventRecord; testid: string }) {
  const now = hallNow.value;
  return (
    <li class={`event event--${event.level} event--${event.state}`} data-testid={testid} data-seq={event.seq} data-code={event.code} data-state={event.state} data-level={event.level}>
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
