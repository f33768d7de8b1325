// The colours of states against the light they are seen in: contrast by WCAG 2.2, and how they look to those who see colours otherwise.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Rgb = [number, number, number];

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8');
const tokens = (block: string) => Object.fromEntries([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
const light = tokens(css.slice(0, css.indexOf('@media')));
const dark = { ...light, ...tokens(css.slice(css.indexOf(":root[data-theme='dark']"))) };
const auto = { ...light, ...tokens(css.slice(css.indexOf('@media'), css.indexOf(":root[data-theme='dark']"))) };

const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255) as Rgb;
const linear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const luminance = (c: Rgb) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
function contrast(a: string, b: string): number {
  const [x, y] = [luminance(rgb(a)), luminance(rgb(b))].sort((m, n) => n - m) as [number, number];
  return (x + 0.05) / (y + 0.05);
}

/** Full colour blindness by kind, on linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.0. */
const BLIND: Record<string, number[][]> = {
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** CIE L*a*b* of linear RGB, D65. */
function lab(c: number[]): Rgb {
  const [r, g, b] = c.map((v) => Math.min(1, Math.max(0, v))) as Rgb;
  const f = (t: number) => (t > 216 / 24_389 ? Math.cbrt(t) : ((24_389 / 27) * t + 16) / 116);
  const [x, y, z] = [(0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047, 0.2126 * r + 0.7152 * g + 0.0722 * b, (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883].map(f) as Rgb;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
function distance(a: string, b: string, kind: string): number {
  const seen = (hex: string) => {
    const c = rgb(hex).map(linear);
    return lab((BLIND[kind] ?? []).map((row) => row.reduce((sum, m, i) => sum + m * (c[i] ?? 0), 0)));
  };
  const [x, y] = [seen(a), seen(b)];
  return Math.hypot(...x.map((v, i) => v - (y[i] ?? 0)));
}

describe.each([['light', light], ['dark', dark], ['dark by the system', auto]])('in the %s theme', (_, theme) => {
  const at = (name: string) => theme[name] ?? '';

  it('every state is read on every ground it stands on', () => {
    for (const state of ['staffed', 'unstaffed', 'paused', 'off_duty', 'unknown', 'amber']) {
      for (const ground of ['surface', 'sunken', `${state}-tint`]) expect(contrast(at(state), at(ground)), `${state} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast('#ffffff', at('unstaffed-strong')), 'white on a severe tile').toBeGreaterThanOrEqual(4.5);
  });

  it('every text is read on every ground', () => {
    for (const ink of ['ink', 'ink-2', 'ink-3']) {
      for (const ground of ['bg', 'surface', 'sunken']) expect(contrast(at(ink), at(ground)), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
    for (const tint of ['unstaffed-tint', 'paused-tint', 'off_duty-tint', 'unknown-tint']) expect(contrast(at('ink-2'), at(tint)), `reason on ${tint}`).toBeGreaterThanOrEqual(4.5);
    for (const ink of ['head-ink', 'head-ink-2']) expect(contrast(at(ink), at('head')), `${ink} on head`).toBeGreaterThanOrEqual(4.5);
  });

  it('staffed and unstaffed differ for every eye', () => {
    for (const kind of Object.keys(BLIND)) {
      // 10 is told apart at a glance side by side; icon, word, pattern and the strength of the tile come on top.
      for (const other of ['staffed', 'paused', 'unknown', 'off_duty']) {
        expect(distance(at('unstaffed'), at(other), kind), `unstaffed and ${other} for ${kind}`).toBeGreaterThan(10);
      }
      expect(distance(at('unstaffed-strong'), at('staffed'), kind), `a severe tile and staffed for ${kind}`).toBeGreaterThan(10);
    }
  });
});
