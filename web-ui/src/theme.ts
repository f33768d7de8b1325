// Light or dark: the system's, or as chosen and remembered (wall screens have no system setting worth following).

import { effect, signal } from '@preact/signals';
import { recall, remember } from './i18n';

const KEY = 'edge-agent.theme';
const order = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof order)[number];

const remembered = order.find((theme) => theme === recall(KEY));
export const theme = signal<Theme>(remembered ?? 'auto');

export function nextTheme(): void {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length] ?? 'auto';
  remember(KEY, theme.value);
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
