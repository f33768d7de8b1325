// A queue's last half hour as a line, with the count at which it is raised.

import { t } from '../i18n';
import { history } from '../store';
import { HEIGHT, WIDTH, linePath } from './sparkline-path';

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
