// A chart by uPlot, in the page's colours, as wide as its place. For those who do not see it there is its text.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../theme';

export interface Curve {
  label: string;
  /** A colour of tokens.css, for example `--unstaffed`. */
  colour: string;
  values: (number | null)[];
  kind: 'line' | 'bars' | 'area' | 'points';
  /** Measured at the right. */
  right?: boolean;
}

interface Props {
  label: string;
  x: number[];
  curves: Curve[];
  /** What stands below an x. */
  tick: (x: number) => string;
  /** Where the axis begins and ends. */
  range: [number, number];
  /** Distances between labels to choose from. */
  steps: number[];
  right?: string;
  left: string;
}

const HIGH_PX = 220;
/** On paper it is drawn so wide, and fitted to the page by the style sheet. */
const PAPER_PX = 720;

export function Chart({ label, x, curves, tick, range, steps, left, right }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chosen = theme.value;
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const paper = matchMedia('print');
    let plot = draw(element, paper.matches ? PAPER_PX : element.clientWidth);
    // Paper has other colours and another width than the screen.
    const redraw = () => {
      plot.destroy();
      plot = draw(element, paper.matches ? PAPER_PX : element.clientWidth);
    };
    const watcher = new ResizeObserver(() => !paper.matches && plot.setSize({ width: element.clientWidth, height: HIGH_PX }));
    watcher.observe(element);
    paper.addEventListener('change', redraw);
    return () => {
      paper.removeEventListener('change', redraw);
      watcher.disconnect();
      plot.destroy();
    };
  }, [label, x, curves, chosen]);

  function draw(element: HTMLElement, width: number): uPlot {
    const colours = getComputedStyle(element);
    const colour = (name: string) => colours.getPropertyValue(name).trim();
    const [ink, line] = [colour('--ink-2'), colour('--line')];
    const font = '13px system-ui, sans-serif';
    const axis = { stroke: ink, font, labelFont: font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const whole = (_: uPlot, splits: number[]) => splits.map((v) => (Number.isInteger(v) ? String(v) : ''));
    const scale = { range: (_: uPlot, __: number, most: number): uPlot.Range.MinMax => [0, Math.max(1, most * 1.1)] };
    return new uPlot(
      {
        width,
        height: HIGH_PX,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range }, y: scale, ...(right ? { z: scale } : {}) },
        axes: [
          { ...axis, incrs: steps, values: (_, splits) => splits.map(tick) },
          { ...axis, label: left, values: whole },
          ...(right ? [{ ...axis, label: right, scale: 'z', side: 1 as const, grid: { show: false }, values: whole }] : []),
        ],
        series: [{}, ...curves.map((curve) => series(curve, colour(curve.colour)))],
      },
      [x, ...curves.map((c) => c.values)],
      element,
    );
  }

  return (
    <figure class="chart">
      <figcaption class="chart__legend">
        {curves.map((c) => <span key={c.label}><i class={`chart__key chart__key--${c.kind}`} style={{ '--colour': `var(${c.colour})` }} /> {c.label}</span>)}
      </figcaption>
      <div ref={place} role="img" aria-label={label} />
    </figure>
  );
}

function series({ kind, right, label }: Curve, colour: string): uPlot.Series {
  const base = { label, stroke: colour, scale: right ? 'z' : 'y', spanGaps: false };
  switch (kind) {
    case 'bars':
      return { ...base, fill: colour, width: 0, paths: uPlot.paths.bars?.({ size: [0.7, 40] }) ?? (() => null), points: { show: false } };
    case 'area':
      return { ...base, fill: `${colour}22`, width: 1, points: { show: false } };
    case 'points':
      return { ...base, width: 0, paths: () => null, points: { show: true, size: 7, fill: colour } };
    case 'line':
      return { ...base, width: 2.5, points: { show: false } };
  }
}
