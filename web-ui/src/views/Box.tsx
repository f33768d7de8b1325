// The box itself: store, uplink, clock, components, sensors, versions.

import { bytes, count, duration, moment } from '../format';
import { lang, t } from '../i18n';
import { hall, health, snapshot } from '../store';

export function Box() {
  const report = health.value;
  const sensors = snapshot.value?.data.sensors ?? [];
  const now = snapshot.value?.data.now ?? null;
  const h = hall.value;
  if (!report || !h) return null;
  const { store, uplink, clock } = report;
  const troubled = report.components.filter((c) => c.state !== 'up');
  const model = h.versions.model || (h.versions.model_sha256 ? h.versions.model_sha256.slice(0, 12) : t.value.modelNone);
  return (
    <section class="panel panel--box" id="box" aria-labelledby="box-title">
      <h2 id="box-title">{t.value.box} <span class={`pill pill--${report.overall}`}>{t.value.overall[report.overall]}</span></h2>
      <dl class="vitals">
        <div class={store.degraded ? 'vital vital--bad' : 'vital'}>
          <dt>{t.value.store}</dt>
          <dd>{t.value.storeLine(count(store.seq), bytes(store.bytes))}
            {store.lag > 0 && <small>{t.value.storeLag(count(store.lag))}</small>}
            {store.degraded && <small>{t.value.storeDegraded}</small>}</dd>
        </div>
        <div class={uplink.mode === 'offline' ? 'vital vital--bad' : 'vital'}>
          <dt>{t.value.uplink}</dt>
          <dd>{t.value.uplinkMode[uplink.mode]}
            {uplink.mode !== 'disabled' && <small>{t.value.uplinkLine(count(uplink.acked), count(uplink.backlog))}</small>}</dd>
        </div>
        <div class={clock.synced ? 'vital' : 'vital vital--bad'}>
          <dt>{t.value.clock}</dt>
          <dd>{t.value.clockState(clock.synced, clock.offset_ms)}</dd>
        </div>
        <div class="vital">
          <dt>{t.value.versions}</dt>
          <dd>{h.versions.agent} · {h.rules.rule} <small>{t.value.fact.model} {model} · {t.value.fact.config} {h.versions.config_sha256.slice(0, 8)}</small></dd>
        </div>
      </dl>
      {troubled.length > 0 && (
        <ul class="troubles" aria-label={t.value.components}>
          {troubled.map((c) => <li key={c.name}><b>{c.name}</b> <span>{t.value.componentState[c.state]}</span> {c.detail}</li>)}
        </ul>
      )}
      {sensors.length > 0 && (
        <>
          <h3>{t.value.sensors}</h3>
          <ul class="sensors">
            {sensors.map((s) => {
              const info = h.sensors.find((i) => i.id === s.sensor);
              const value = s.value === null ? 'none' : s.value ? 'on' : 'off';
              return (
                <li key={s.sensor} class={`sensor sensor--${s.quality}`}>
                  <b>{s.sensor}</b> {info && t.value.sensorKind[info.kind]} · {t.value.sensorValue[value]} · {t.value.quality[s.quality]}
                  {s.reason && <span>: {t.value.sensorReason[s.reason]}</span>}
                  {s.since && <time dateTime={s.since}> {t.value.sensorSince(moment(s.since, now))}</time>}
                  {s.last_seen && s.age_ms !== null && <time dateTime={s.last_seen}> · {t.value.sensorAge(duration(s.age_ms, lang.value))}</time>}
                  {s.reason === 'flapping' && <span> · {t.value.sensorOns(s.ons_last_hour)}</span>}
                </li>
              );
            })}
          </ul>
        </>
      )}
    </section>
  );
}
