// Who looks at the page, and what the box lets them do.

import { computed, signal } from '@preact/signals';
import { change, getSession, type Answer } from './api';
import type { Shape } from './shape';
import { accountChangedShape, sessionShape, type Session } from './types';

export const session = signal<Session | null>(null);
/** Something may be shown: the box asks nobody, or somebody is signed in with a password of his own. */
export const entered = computed(() => session.value?.mode === 'open' || session.value?.mode === 'signed_in');

export const may = (right: string) => session.value?.rights.includes(right) ?? false;

/** Asks the box how this page stands; without an answer nothing changes. */
export async function refresh(): Promise<void> {
  const answer = await getSession();
  if (answer.kind === 'success') take(answer.value);
  else if (session.value === null) setTimeout(() => void refresh(), 2_000);
}

function take(now: Session): void {
  // An unchanged session must not begin the page anew; only how long it lasts differs every time.
  const before = session.value;
  if (before === null || JSON.stringify({ ...before, ends_in_s: 0 }) !== JSON.stringify({ ...now, ends_in_s: 0 })) session.value = now;
}

async function post(path: string, body: object): Promise<Answer<Session>> {
  const answer = await change('POST', path, body, sessionShape, session.value?.csrf ?? null);
  if (answer.kind === 'success') take(answer.value);
  else if (answer.kind === 'error' && ['signed_out', 'csrf'].includes(answer.code)) void refresh();
  return answer;
}

export const signIn = (name: string, password: string) => post('/api/login', { name, password });
export const setUp = (code: string, name: string, role: string, password: string) => post('/api/setup', { code, name, role, password });
export const signOut = (everywhere: boolean) => post(everywhere ? '/api/logout/everywhere' : '/api/logout', {});
export const changePassword = (old: string, own: string) => post('/api/password', { old, new: own });

const changed = <T>(method: 'POST' | 'PATCH', path: string, body: object, shape: Shape<T>) => change(method, path, body, shape, session.value?.csrf ?? null);
export const makeAccount = (name: string, role: string, windows: string[], departments: string[]) =>
  changed('POST', '/api/accounts', { name, role, windows, departments }, accountChangedShape);
export const changeAccount = (name: string, patch: { disabled?: boolean; new_password?: boolean }) =>
  changed('PATCH', `/api/accounts/${encodeURIComponent(name)}`, patch, accountChangedShape);
