// What must be known before anything below is believed: link lost, clock not trusted, the whole hall empty.

import { duration, hourMinuteSecond } from '../format';
import { lang, t } from '../i18n';
import { ageS, hallNow, link, snapshot, stalled } from '../store';

export function Notices() {
  const held = snapshot.value?.data;
  const onDuty = held?.windows.filter((w) => w.state !== 'off_duty' && w.state !== 'paused') ?? [];
  const allUnstaffed = onDuty.length > 1 && onDuty.every((w) => w.state === 'unstaffed');
  const lost = link.value === 'lost';
  return (
    <div class="notices" role="alert">
      {lost && <p class="notice notice--lost" data-testid="lost">{hallNow.value ? <>{t.value.lostSince(hourMinuteSecond(hallNow.value))} <Age /></> : t.value.lostNever}</p>}
      {held && !lost && stalled.value && <p class="notice notice--lost" data-testid="stalled">{t.value.stalledSince(hourMinuteSecond(held.at))} <Age /></p>}
      {held && !held.clock_synced && <p class="notice notice--clock">{t.value.clockUnsynced}</p>}
      {allUnstaffed && <p class="notice notice--severe">{t.value.allUnstaffed}</p>}
    </div>
  );
}

/** How old it is; not read out, or it would be every second. */
function Age() {
  return <span class="notice__age" aria-hidden="true">{t.value.ago(duration(ageS.value * 1000, lang.value))}</span>;
}
