// Queues: length against the count at which they are raised.

import { LevelBadge } from '../components/LevelBadge';
import { Sparkline } from '../components/Sparkline';
import { limit, moment } from '../format';
import { lang, named, t } from '../i18n';
import { hall, hallNow, shownEvent, snapshot } from '../store';
import type { Hall, QueueNow } from '../types';

export function Queues() {
  const queues = snapshot.value?.data.queues;
  const h = hall.value;
  if (!queues || !h) return null;
  return (
    <section class="panel" aria-labelledby="queues">
      <h2 id="queues">{t.value.queues}</h2>
      {queues.length === 0 && <p class="empty">{t.value.noQueues}</p>}
      <ul class="queues">{queues.map((q) => <Queue key={q.queue} queue={q} hall={h} />)}</ul>
    </section>
  );
}

function Queue({ queue: q, hall: h }: { queue: QueueNow; hall: Hall }) {
  const raiseAt = h.rules.queue_raise_count;
  const name = named(h.queues.find((info) => info.id === q.queue)?.name, q.queue);
  // The limit sits at two thirds, so that there is room to see how far beyond it a queue is.
  const share = (n: number) => `${Math.min(100, (n / raiseAt) * 66.7)}%`;
  return (
    <li class={`queue queue--${q.state}`} data-testid="queue" data-queue={q.queue} data-state={q.state}>
      <div class="queue__head">
        <h3><span class="tile__id">{q.queue}</span> {name !== q.queue && name}</h3>
        {q.level && <LevelBadge level={q.level} />}
        <span class="queue__state">{t.value.queueState[q.state]} · {t.value.since(moment(q.since, hallNow.value))}</span>
      </div>
      <div class="queue__figure">
        <p class="queue__length">
          {q.length === null ? '–' : <><b>{q.saturated ? '≥' : ''}{q.length}</b> {t.value.peopleUnit}</>}
        </p>
        <div class="queue__bar" role="meter" aria-valuemin={0} aria-valuemax={Math.round(raiseAt * 1.5)} aria-valuenow={q.length ?? 0}
          aria-valuetext={q.length === null ? t.value.queueState.unknown : t.value.people(`${q.saturated ? '≥' : ''}${q.length}`)} aria-label={name}>
          {q.in_zone !== null && <div class="queue__zone" style={{ width: share(q.in_zone) }} />}
          {q.length !== null && <div class="queue__fill" style={{ width: share(q.length) }} />}
          <i class="queue__limit" />
        </div>
        <Sparkline queue={q.queue} raiseAt={raiseAt} />
      </div>
      <p class="queue__wait">{wait(q)}</p>
      <p class="queue__note">
        {t.value.raiseAt(raiseAt, limit(h.rules.queue_duration_s * 1000, lang.value))}
        {q.in_zone !== null && <> · {t.value.inZone(q.in_zone)}</>}
        {q.saturated && <> · {t.value.saturated}</>}
        {q.open_event && (
          <button type="button" class="button button--quiet" onClick={() => (shownEvent.value = q.open_event)}
            aria-label={`${t.value.viewEvent}: ${q.queue}`}>
            {t.value.viewEvent}
          </button>
        )}
      </p>
    </li>
  );
}

/** The same as two plain texts: the wait, and what to open. */
export function waitText(q: QueueNow): { waits: string; advice: string | null } {
  if (q.length === null) return { waits: '', advice: null };
  const advised = q.advised_windows !== null && q.advised_windows > q.open_windows ? q.advised_windows : null;
  return {
    waits: q.wait_est_s === null ? t.value.waitUnknown : t.value.wait(minutes(q.wait_est_s), q.wait_error_s ? minutes(q.wait_error_s) : null),
    advice: advised === null ? null : t.value.advice(advised, q.open_windows),
  };
}

const minutes = (s: number) => limit(Math.ceil(s / 60) * 60_000, lang.value);

/** Estimated wait of somebody who joins now, and how many windows it takes, when more than serve. */
function wait(q: QueueNow) {
  const { waits, advice } = waitText(q);
  if (q.length === null || q.wait_est_s === null) return waits;
  return (
    <>
      <b>{waits}</b>
      {q.wait_src && <> · {t.value.waitSource[q.wait_src]}</>}
      {advice && <> · <b>{advice}</b></>}
    </>
  );
}
