// The page's language: the browser's at first, then as chosen and remembered.

import { computed, effect, signal } from '@preact/signals';
import type { Lang } from '../format';
import { route } from '../route';
import type { Names } from '../types';
import { en } from './en';
import { zh } from './zh';

export type Dictionary = typeof zh;

const KEY = 'edge-agent.lang';

/** Storage may be refused (private mode, kiosk policy); the choice then lasts as long as the page. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing to do: see recall().
  }
}

/** `zh` for any Chinese, `en` otherwise. */
export function preferred(remembered: string | null, browser: readonly string[]): Lang {
  if (remembered === 'zh' || remembered === 'en') return remembered;
  return browser[0]?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export const lang = signal<Lang>(preferred(route.peek().query.get('lang') ?? recall(KEY), navigator.languages));
export const t = computed<Dictionary>(() => (lang.value === 'zh' ? zh : en));

export function switchLanguage(): void {
  lang.value = lang.value === 'zh' ? 'en' : 'zh';
  remember(KEY, lang.value);
}

effect(() => {
  document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en';
});

/** The name in the page's language, or the other when it is missing, or the id. */
export function named(names: Names | undefined, id: string): string {
  if (!names) return id;
  return (lang.value === 'zh' ? names.zh || names.en : names.en || names.zh) || id;
}

/** The text for a key the agent sent; an unknown key (a newer agent) is shown as it is. */
export function word(table: Record<string, string>, key: string): string {
  return table[key] ?? key;
}
