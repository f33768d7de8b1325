// A window's last half hour as a strip of states, newest at the right.

import { duration } from '../format';
import { lang, t } from '../i18n';
import { history } from '../store';
import type { WindowState } from '../types';

export function StateStrip({ window }: { window: string }) {
  const held = history.value;
  const runs = held?.windows.find((w) => w.window === window)?.runs;
  if (!held || !runs || held.samples < 2) return <div class="strip strip--empty" />;
  const minutes = Math.round((held.max_samples * held.step_ms) / 60_000);
  const totals = new Map<WindowState, number>();
  let at = held.max_samples - held.samples;
  const pieces = runs.map((run, i) => {
    const from = at;
    at += run.samples;
    if (run.state === null) return null;
    totals.set(run.state, (totals.get(run.state) ?? 0) + run.samples * held.step_ms);
    return <rect key={i} class={`strip__run strip__run--${run.state}`} x={from} y="0" width={run.samples} height="1" />;
  });
  const said = [...totals].map(([state, ms]) => `${t.value.windowState[state]} ${duration(ms, lang.value)}`);
  return (
    <svg class="strip" viewBox={`0 0 ${held.max_samples} 1`} preserveAspectRatio="none" role="img"
      aria-label={`${t.value.stripHint(minutes)}: ${said.join(', ')}`}>
      {pieces}
    </svg>
  );
}
