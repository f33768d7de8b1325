// Cameras with their figures; a click opens the picture.

import { count, duration } from '../format';
import { lang, named, t } from '../i18n';
import { CameraIcon } from '../icons';
import { hall, health, shownCamera, snapshot } from '../store';
import type { CameraHealth, Hall, Snapshot } from '../types';

export function Cameras() {
  const h = hall.value;
  const now = snapshot.value?.data;
  if (!h || !now) return null;
  return (
    <section class="panel panel--cameras" aria-labelledby="cameras">
      <h2 id="cameras">{t.value.cameras}</h2>
      {h.cameras.length === 0 && <p class="empty">{t.value.noCameras}</p>}
      <ul class="cameras">
        {h.cameras.map((info) => (
          <Camera key={info.id} info={info} figures={health.value?.cameras.find((c) => c.camera === info.id)}
            seen={now.cameras.find((c) => c.camera === info.id)} />
        ))}
      </ul>
    </section>
  );
}

interface Props {
  info: Hall['cameras'][number];
  figures: CameraHealth | undefined;
  seen: Snapshot['cameras'][number] | undefined;
}

function Camera({ info, figures, seen }: Props) {
  const name = named(info.name, info.id);
  // The engine's word on the picture (dark, frozen …) weighs more than the stream's.
  const state = seen?.down ? 'down' : (figures?.state ?? 'connecting');
  const said = seen?.down ? t.value.fault[seen.down] : t.value.cameraState[state];
  const ageMs = figures?.last_frame_age_ms;
  return (
    <li class={`camera camera--${state}`} data-testid="camera" data-camera={info.id} data-state={state}>
      <button type="button" class="camera__open" onClick={() => (shownCamera.value = info.id)}>
        <span class="unseen">{t.value.openView(name)}</span>
        <span class="camera__name"><CameraIcon /> <b>{info.id}</b> {name !== info.id && name}</span>
        <span class="camera__state"><i class="dot" /> {said}{figures && state !== 'down' ? ` · ${t.value.fps(figures.fps.toFixed(1))}` : ''}</span>
        {figures && (
          <span class="camera__figures">
            <span>{t.value.frameAge} <b>{ageMs === null || ageMs === undefined ? '–' : age(ageMs)}</b></span>
            <span>{t.value.inferMs} <b>{figures.infer_ms === null ? '–' : t.value.milliseconds(figures.infer_ms.toFixed(0))}</b></span>
            <span>{t.value.analysed} <b>{count(figures.analysed)}</b></span>
            <span>{t.value.dropped} <b>{count(figures.dropped)}</b></span>
          </span>
        )}
      </button>
    </li>
  );
}

/** Milliseconds below two seconds, then as a duration. */
export function age(ms: number): string {
  return ms < 2_000 ? t.value.milliseconds(String(Math.round(ms))) : duration(ms, lang.value);
}

