// Queue lengths and waits over a day, a chart a queue.

import { useMemo } from 'preact/hooks';
import { Chart, type Curve } from '../components/Chart';
import type { Day } from '../figures-types';
import { duration } from '../format';
import { lang, named, t } from '../i18n';
import { hall } from '../store';
import { axisOf, clock, inOrder } from '../timeline';

const HOUR_S = 3600;

export function QueueCurves({ day }: { day: Day }) {
  const queues = inOrder(day.queues, (q) => q.queue, hall.value?.queues.map((q) => q.id) ?? []);
  return (
    <section class="panel" aria-labelledby="curves">
      <h2 id="curves">{t.value.figures.curves}</h2>
      {queues.length === 0 && <p class="empty">{t.value.figures.noQueueData}</p>}
      <div class="curves">{queues.map((q) => <QueueCurve key={q.queue} queue={q} day={day} />)}</div>
    </section>
  );
}

function QueueCurve({ queue: q, day }: { queue: Day['queues'][number]; day: Day }) {
  const words = t.value.figures;
  const axis = axisOf(day);
  // One point a step, also where nothing was observed: a gap is a gap, never a line drawn over it.
  const { x, curves } = useMemo(() => {
    const count = Math.round((axis.toS - axis.fromS) / day.step_s);
    const x = Array.from({ length: count }, (_, i) => axis.fromS + i * day.step_s);
    const steps = new Map(q.steps.map((s) => [s.from_s, s]));
    const of = (pick: (s: (typeof q.steps)[number]) => number | null) => x.map((s) => { const step = steps.get(s); return step ? pick(step) : null; });
    const curves: Curve[] = [
      { label: words.curveMax, colour: '--ink-3', kind: 'area', values: of((s) => s.len_max) },
      { label: words.curveLength, colour: '--paused', kind: 'line', values: of((s) => s.len_mean) },
      { label: words.curveWait, colour: '--unstaffed', kind: 'points', right: true, values: of((s) => (s.wait_mean_s === null ? null : s.wait_mean_s / 60)) },
    ];
    return { x, curves };
  }, [q, lang.value]);
  const name = `${q.queue} ${named(hall.value?.queues.find((i) => i.id === q.queue)?.name, '')}`.trim();
  const said = words.curveHint(name, q.len_mean?.toFixed(1) ?? words.noData, String(q.len_max ?? words.noData), q.wait_mean_s === null ? words.noData : duration(q.wait_mean_s * 1000, lang.value));
  return (
    <div class="curve" data-testid="curve" data-queue={q.queue}>
      <h3>{name} {q.wait_source && <small>{t.value.waitSource[q.wait_source]}</small>}</h3>
      <Chart label={said} x={x} curves={curves} range={[axis.fromS, axis.toS]} tick={clock} steps={[HOUR_S, 2 * HOUR_S, 4 * HOUR_S]} left={words.people} right={words.curveWait} />
    </div>
  );
}
