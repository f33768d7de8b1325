// One camera's picture with zones and detections, refreshed about once a second while it is looked at.

import { useEffect, useRef, useState } from 'preact/hooks';
import { getBoxes, getFrame, type Frame } from '../api';
import { Dialog } from '../components/Dialog';
import { draw } from '../draw';
import { lang, named, t } from '../i18n';
import { hall, health, shownCamera } from '../store';
import type { Boxes } from '../types';
import { age } from './Cameras';

const REFRESH_MS = 1_000;
const MAX_WIDTH_PX = 1280;

export function CameraDialog() {
  const id = shownCamera.value;
  return id === null ? null : <View key={id} id={id} />;
}

function View({ id }: { id: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [frame, setFrame] = useState<Frame | null>(null);
  const [boxes, setBoxes] = useState<Boxes | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [zonesShown, showZones] = useState(true);
  const [boxesShown, showBoxes] = useState(true);
  const h = hall.value;
  const name = named(h?.cameras.find((c) => c.id === id)?.name, id);

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = async () => {
      const figures = health.value?.cameras.find((c) => c.camera === id);
      if (document.visibilityState === 'visible' && figures && figures.last_frame_age_ms === null) {
        setProblem(t.value.noPicture);
      } else if (document.visibilityState === 'visible') {
        const [gotFrame, gotBoxes] = await Promise.all([getFrame(id, MAX_WIDTH_PX, stop.signal), getBoxes(id, stop.signal)]);
        if (stop.signal.aborted) return;
        if (gotBoxes.kind === 'success') setBoxes(gotBoxes.value);
        if (gotFrame.kind === 'success') setFrame(gotFrame.value);
        // Outside duty nothing is analysed, and the last picture of before is no picture of now.
        const offDuty = gotFrame.kind === 'error' && gotFrame.code === 'off_duty';
        if (offDuty) setFrame(null);
        setProblem(gotFrame.kind === 'error' ? (offDuty ? t.value.offDuty : gotFrame.code === 'frame_unavailable' ? t.value.noPicture : t.value.failed(gotFrame.code === 'network' ? t.value.noAnswer : gotFrame.code)) : null);
      }
      // The next round starts after this one has ended: a slow box is not asked faster than it answers.
      timer = setTimeout(() => void refresh(), REFRESH_MS);
    };
    void refresh();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id]);

  useEffect(() => {
    if (!canvas.current || !frame) return;
    draw(canvas.current, frame.picture, {
      zones: zonesShown ? (h?.zones.filter((z) => z.camera === id) ?? []) : [],
      boxes: boxesShown ? (boxes?.detections ?? []) : [],
      label: (zone) => `${zone.subject} ${t.value.zoneKind[zone.kind]}`,
    });
  }, [frame, boxes, zonesShown, boxesShown, h, lang.value]);
  useEffect(() => () => frame?.picture.close(), [frame]);

  return (
    <Dialog wide title={name === id ? id : `${id} ${name}`} onClose={() => (shownCamera.value = null)}>
      {problem && <p class="empty empty--error" role="status">{problem}</p>}
      <canvas ref={canvas} class="view" hidden={!frame} role="img" aria-label={t.value.canvasHint(name)} data-testid="frame" data-drawn={frame !== null} />
      <div class="view__foot">
        <label><input type="checkbox" checked={zonesShown} onChange={(e) => showZones(e.currentTarget.checked)} /> {t.value.showZones}</label>
        <label><input type="checkbox" checked={boxesShown} onChange={(e) => showBoxes(e.currentTarget.checked)} /> {t.value.showBoxes}</label>
        {frame && frame.ageMs !== null && <span>{t.value.pictureAge(age(frame.ageMs))}</span>}
        {boxes && boxes.age_ms !== null && <span data-testid="boxes">{t.value.boxesAge(boxes.detections.length, age(boxes.age_ms))}</span>}
      </div>
      <p class="note">{t.value.pictureNote}</p>
    </Dialog>
  );
}
