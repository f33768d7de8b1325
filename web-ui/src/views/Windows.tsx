// The window grid: what everybody looks at first.

import { LevelBadge } from '../components/LevelBadge';
import { Sources } from '../components/Sources';
import { StateStrip } from '../components/StateStrip';
import { StateWord } from '../components/StateWord';
import { duration, hourMinute, limit, moment } from '../format';
import { lang, named, t } from '../i18n';
import { PersonIcon, StateIcon } from '../icons';
import { elapsedMs, hall, hallNow, history, shownEvent, snapshot } from '../store';
import { timerMs } from '../timer';
import { windowState, type Hall, type WindowNow } from '../types';

/** From this many windows on, tiles are small. */
const MANY = 12;

export function Windows() {
  const data = snapshot.value?.data;
  const held = history.value;
  if (!data) return null;
  return (
    <section class="panel panel--windows" id="windows" aria-label={t.value.windows} tabIndex={-1}>
      <ul class="board" aria-label={t.value.board}>
        {windowState.values.map((state) => {
          const n = data.windows.filter((w) => w.state === state).length;
          return (
            <li key={state} class={`board__count board__count--${state}`} data-zero={n === 0}>
              <StateIcon state={state} />
              <b>{n}</b>
              <span>{t.value.windowState[state]}</span>
            </li>
          );
        })}
      </ul>
      {data.windows.length === 0 && <p class="empty">{t.value.noWindows}</p>}
      <ul class="grid" data-many={data.windows.length > MANY}>
        {data.windows.map((w) => <Tile key={w.window} window={w} hall={hall.value} ageMs={data.age_ms} />)}
      </ul>
      {held && held.samples > 1 && <p class="grid__legend">{t.value.stripHint(Math.round((held.max_samples * held.step_ms) / 60_000))}</p>}
    </section>
  );
}

function Tile({ window: w, hall, ageMs }: { window: WindowNow; hall: Hall | null; ageMs: number }) {
  const name = named(hall?.windows.find((info) => info.id === w.window)?.name, w.window);
  const shown = timerMs(w, ageMs, elapsedMs.value);
  const level = w.state === 'unstaffed' ? w.level : null;
  return (
    <li class={`tile tile--${w.state} ${level ? `tile--${level}` : ''}`} data-testid="window" data-window={w.window} data-state={w.state}>
      <div class="tile__head">
        <h3 class="tile__name"><span class="tile__id">{w.window}</span> {name !== w.window && name}</h3>
        {w.level && <LevelBadge level={w.level} />}
      </div>
      <div class="tile__now">
        <p class="tile__state"><StateIcon state={w.state} /> <StateWord text={t.value.windowState[w.state]} /></p>
        <p class="tile__timer">{duration(shown, lang.value)}</p>
      </div>
      <p class="tile__why">
        {t.value.reason[w.reason]} · {t.value.since(moment(w.since, hallNow.value))}
        {w.away_from_seat && <> · {t.value.awayFromSeat}</>}
      </p>
      {w.state === 'unstaffed' && hall && <Ladder ms={shown} hall={hall} />}
      <div class="tile__foot">
        {w.customers > 0 && <span class="tile__customers"><PersonIcon /> {t.value.customers(w.customers)}</span>}
        <Sources sources={w.evidence_sources} />
        {w.open_event && (
          <button type="button" class="button button--quiet" onClick={() => (shownEvent.value = w.open_event)}
            aria-label={`${t.value.viewEvent}: ${w.window} ${hourMinute(w.since)}`}>
            {t.value.viewEvent}
          </button>
        )}
      </div>
      <StateStrip window={w.window} />
    </li>
  );
}

/** How far the absence is on the way to notice, warning and severe. */
function Ladder({ ms, hall }: { ms: number; hall: Hall }) {
  const { notice_s, warn_s, severe_s } = hall.rules;
  const text = (s: number) => limit(s * 1000, lang.value);
  const share = (s: number) => `${Math.min(100, (s / severe_s) * 100)}%`;
  return (
    <div class="ladder" role="img" aria-label={t.value.ladder(text(notice_s), text(warn_s), text(severe_s))} title={t.value.ladder(text(notice_s), text(warn_s), text(severe_s))}>
      <div class="ladder__reached" style={{ width: share(ms / 1000) }} />
      <i style={{ left: share(notice_s) }} />
      <i style={{ left: share(warn_s) }} />
    </div>
  );
}
