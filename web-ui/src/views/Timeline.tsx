// Windows over a day: one row each, coloured and patterned by how its time counted. Posts, never persons.

import { timeClass, type Day, type DayEvent } from '../figures-types';
import { limit } from '../format';
import { lang, named, t } from '../i18n';
import { hall, shownEvent } from '../store';
import { codeText } from '../texts';
import { axisOf, clock, place, secondsOf, ticks, totals } from '../timeline';

export function Timeline({ day }: { day: Day }) {
  const words = t.value.figures;
  const axis = axisOf(day);
  const at = (s: number) => `${place(s, axis) * 100}%`;
  const share = (from: number, to: number) => `${(place(to, axis) - place(from, axis)) * 100}%`;
  const present = new Set(day.windows.flatMap((w) => w.pieces.map((p) => p.class)));
  const others = day.events.filter((e) => e.subject_kind !== 'window');
  return (
    <section class="panel timeline" aria-labelledby="timeline">
      <div class="panel__head"><h2 id="timeline">{words.timeline}</h2><span class="note note--inline">{words.timelineHint}</span></div>
      <div class="timeline__axis" aria-hidden="true">{ticks(axis).map((s) => <span key={s} style={{ '--at': at(s) }}>{clock(s)}</span>)}</div>
      <ul class="timeline__rows">
        {day.windows.map((w) => {
          const said = totals(w.pieces.filter((p) => p.class !== 'off_duty')).map(([c, s]) => `${words.timeClass[c]} ${limit(s * 1000, lang.value)}`).join(', ');
          const name = named(hall.value?.windows.find((i) => i.id === w.window)?.name, '');
          return (
            <li key={w.window} class="timeline__row" data-testid="timeline-row" data-window={w.window}>
              <span class="timeline__name"><b>{w.window}</b> {name}</span>
              <div class="timeline__bar" role="img" aria-label={`${w.window}: ${said || words.timeClass.off_duty}`}>
                {w.pieces.filter((p) => p.to_s > axis.fromS && p.from_s < axis.toS).map((p) => (
                  <i key={p.from_s} class={`piece piece--${p.class}`} style={{ '--at': at(p.from_s), '--share': share(p.from_s, p.to_s) }}
                    title={`${clock(p.from_s)}–${clock(p.to_s)} ${words.timeClass[p.class]} ${limit((p.to_s - p.from_s) * 1000, lang.value)}`} />
                ))}
              </div>
              <Marks events={day.events.filter((e) => e.subject_kind === 'window' && e.subject === w.window)} at={at} />
            </li>
          );
        })}
        {others.length > 0 && (
          <li class="timeline__row timeline__row--others">
            <span class="timeline__name">{words.hall}</span>
            <div class="timeline__bar timeline__bar--none" />
            <Marks events={others} at={at} />
          </li>
        )}
      </ul>
      <ul class="timeline__legend">
        {timeClass.values.filter((c) => present.has(c)).map((c) => <li key={c}><i class={`piece piece--${c}`} /> {words.timeClass[c]}</li>)}
      </ul>
    </section>
  );
}

/** Events as triangles over a row. The list below has the same events for the keyboard. */
function Marks({ events, at }: { events: DayEvent[]; at: (s: number) => string }) {
  return (
    <div class="timeline__marks" aria-hidden="true">
      {events.map((e) => (
        <i key={e.event_id} class={`mark mark--${e.level}`} style={{ '--at': at(secondsOf(e.onset)) }} title={`${e.onset.slice(11, 16)} ${codeText(e.code)} ${t.value.level[e.level]}`}
          onClick={() => (shownEvent.value = e.event_id)} />
      ))}
    </div>
  );
}
