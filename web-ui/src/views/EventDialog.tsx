// One event with all its revisions and facts.

import { useEffect, useState } from 'preact/hooks';
import { getEvent, type Answer } from '../api';
import { Dialog } from '../components/Dialog';
import { LevelBadge } from '../components/LevelBadge';
import { Sources } from '../components/Sources';
import { day, duration, hourMinuteSecond, percent } from '../format';
import { lang, t, word } from '../i18n';
import { events, hallNow, shownEvent } from '../store';
import { codeText, subjectText } from '../texts';
import type { EventRecord, EventRevisions } from '../types';
import { lengthMs } from '../components/EventRow';

export function EventDialog() {
  const id = shownEvent.value;
  return id === null ? null : <Detail key={id} id={id} />;
}

function Detail({ id }: { id: string }) {
  const [answer, setAnswer] = useState<Answer<EventRevisions> | null>(null);
  // A newer revision in the list means there is more to read.
  const listed = events.value.rows.find((r) => r.event_id === id)?.seq;
  useEffect(() => {
    const stop = new AbortController();
    void getEvent(id, stop.signal).then((got) => got.kind !== 'aborted' && setAnswer(got));
    return () => stop.abort();
  }, [id, listed]);
  const revisions = answer?.kind === 'success' ? answer.value.revisions : [];
  const last = revisions.at(-1);
  const title = last ? `${subjectText(last.subject_kind, last.subject)} · ${codeText(last.code)}` : t.value.detail;
  return (
    <Dialog title={title} onClose={() => (shownEvent.value = null)}>
      {answer === null && <p class="empty">{t.value.loading}</p>}
      {answer?.kind === 'error' && <p class="empty empty--error">{t.value.failed(answer.code === 'network' ? t.value.noAnswer : answer.message)}</p>}
      {last && <Facts event={last} />}
      {last && (
        <>
          <h3>{t.value.revisionList}</h3>
          <ol class="revisions" data-testid="revisions">
            {revisions.map((r) => (
              <li key={r.seq}>
                <time dateTime={r.updated}>{hourMinuteSecond(r.updated)}</time>
                <span>{word(t.value.phase, r.phase)}</span>
                <LevelBadge level={r.level} />
                <span>{duration(r.duration_s * 1000, lang.value)}</span>
                {r.end_reason && <span>{word(t.value.endReason, r.end_reason)}</span>}
                <code title={r.hash}>#{r.seq} {r.hash.slice(0, 10)}</code>
              </li>
            ))}
          </ol>
          <p class="note">{t.value.suspectedNote}</p>
        </>
      )}
    </Dialog>
  );
}

function Facts({ event: e }: { event: EventRecord }) {
  const fact = t.value.fact;
  const at = (time: string) => `${day(time)} ${hourMinuteSecond(time)}`;
  const span = (s: number) => duration(s * 1000, lang.value);
  const rows: [string, preact.ComponentChildren][] = [
    [fact.onset, at(e.onset)],
    [fact.end, e.end ? at(e.end) : t.value.ongoing],
    [fact.duration, duration(lengthMs(e, hallNow.value), lang.value)],
  ];
  if (e.end_reason) rows.push([fact.endReason, word(t.value.endReason, e.end_reason)]);
  if (e.absent_s > 0) rows.push([fact.absent, span(e.absent_s)]);
  if (e.unobserved_s > 0) rows.push([fact.unobserved, span(e.unobserved_s)]);
  if (e.brief_returns > 0) rows.push([fact.briefReturns, t.value.times(e.brief_returns)]);
  if (e.customers_max > 0) rows.push([fact.customersMax, t.value.people(String(e.customers_max))]);
  if (e.peak !== null) rows.push([fact.peak, t.value.people(String(e.peak))]);
  rows.push([fact.confidence, percent(e.confidence)]);
  if (e.evidence_sources.length > 0) rows.push([fact.sources, <Sources sources={e.evidence_sources} />]);
  if (e.tags.length > 0) rows.push([fact.tags, e.tags.map((tag) => word(t.value.tag, tag)).join(', ')]);
  if (e.related.length > 0) {
    rows.push([fact.related, e.related.map((id) => (
      <button key={id} type="button" class="button button--quiet" onClick={() => (shownEvent.value = id)}><code>{id}</code></button>
    ))]);
  }
  rows.push([fact.review, t.value.suspected], [fact.rule, <code>{e.rule}</code>]);
  rows.push([fact.raised, at(e.raised)], [fact.clock, t.value.clockState(e.clock.synced, e.clock.offset_ms)]);
  rows.push([fact.model, <code>{e.model_sha256.slice(0, 12) || t.value.modelNone}</code>]);
  rows.push([fact.config, <code>{e.config_sha256.slice(0, 12)}</code>], [fact.eventId, <code>{e.event_id}</code>]);
  return (
    <>
      <p class="facts__level"><LevelBadge level={e.level} /> {t.value.eventState[e.state]}</p>
      <dl class="facts">{rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
    </>
  );
}
