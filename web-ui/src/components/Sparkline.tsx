// A queue's last half hour as a line, with the count at which it is raised.

import { t } from '../i18n';
import { history } from '../store';

const WIDTH = 300;
const HEIGHT = 44;

/** Unbroken stretches of known lengths as SVG path data; unknown samples are gaps, never zero. */
export function linePath(lengths: (number | null)[], maxSamples: number, top: number): string {
  const x = (i: number) => (((maxSamples - lengths.length + i) / Math.max(1, maxSamples - 1)) * WIDTH).toFixed(1);
  const y = (n: number) => (HEIGHT - 2 - (n / top) * (HEIGHT - 4)).toFixed(1);
  let open = false;
  let path = '';
  lengths.forEach((n, i) => {
    if (n === null) {
      open = false;
    } else {
      // A lone sample still shows, as a dot of the round line cap.
      path += `${open ? 'L' : 'M'}${x(i)} ${y(n)}${open ? '' : 'h0'}`;
      open = true;
    }
  });
  return path;
}

export function Sparkline({ queue, raiseAt }: { queue: string; raiseAt: number }) {
  const held = history.value;
  const lengths = held?.queues.find((q) => q.queue === queue)?.lengths;
  if (!held || !lengths || held.samples < 2) return <div class="spark spark--empty" />;
  const most = Math.max(0, ...lengths.map((n) => n ?? 0));
  const top = Math.max(most, raiseAt) * 1.15;
  const limit = HEIGHT - 2 - (raiseAt / top) * (HEIGHT - 4);
  const minutes = Math.round((held.max_samples * held.step_ms) / 60_000);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img"
      aria-label={t.value.sparkHint(minutes, most)}>
      <line class="spark__limit" x1="0" x2={WIDTH} y1={limit} y2={limit} />
      <path class="spark__line" d={linePath(lengths, held.max_samples, top)} />
    </svg>
  );
}
