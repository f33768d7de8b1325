// Which view is shown: what stands behind `#/` in the address, so that every view has an address to keep, send and open.
//   #/            the board            #/day/2026-09-21     a day
//   #/wall        the wall screen      #/month/2026-09      a month
// `?lang=en` behind it chooses the language: a wall screen has nobody to press a button.

import { signal } from '@preact/signals';

export interface Route {
  /** First part; empty for the board. */
  view: string;
  /** What stands behind it: a day, a month. */
  rest: string | null;
  query: URLSearchParams;
}

export function parse(hash: string): Route {
  // Other fragments (`#box`) name a place on the board.
  const path = hash.startsWith('#/') ? hash.slice(2) : '';
  const [before = '', after = ''] = path.split('?', 2);
  const [view = '', rest = ''] = before.split('/', 2);
  return { view, rest: rest === '' ? null : decodeURIComponent(rest), query: new URLSearchParams(after) };
}

export const address = (view: string, rest: string | null = null) => `#/${view}${rest === null ? '' : `/${encodeURIComponent(rest)}`}`;

export const route = signal<Route>(parse(typeof location === 'undefined' ? '' : location.hash));

export function go(view: string, rest: string | null = null): void {
  location.hash = address(view, rest);
}

if (typeof window !== 'undefined') window.addEventListener('hashchange', () => (route.value = parse(location.hash)));
