// Reads the agent's interface. Every call ends as success, aborted or error; nothing throws.

import { Misfit, type Shape } from './shape';
import {
  accountsShape, auditPageShape, boxesShape, errorShape, eventPageShape, eventRevisionsShape, hallShape, healthShape,
  historyShape, sessionShape, snapshotShape,
} from './types';

export type Answer<T> =
  | { kind: 'success'; value: T }
  | { kind: 'aborted' }
  /** `code` is the agent's, or `network` (no answer) or `form` (an answer this page does not understand). */
  | { kind: 'error'; code: string; message: string };

/** Longest wait for an answer that nobody can cancel. */
const ANSWER_MS = 8_000;

async function ask(path: string, signal: AbortSignal | undefined): Promise<Answer<Response>> {
  try {
    // A network that swallows everything must not hold the page up.
    const init: RequestInit = { cache: 'no-store', signal: signal ?? AbortSignal.timeout(ANSWER_MS) };
    return { kind: 'success', value: await fetch(path, init) };
  } catch (error) {
    if (signal?.aborted) return { kind: 'aborted' };
    return { kind: 'error', code: 'network', message: String(error) };
  }
}

async function refusal(response: Response): Promise<Answer<never>> {
  try {
    const { code, message } = errorShape.read(await response.json(), 'error');
    return { kind: 'error', code, message };
  } catch {
    return { kind: 'error', code: 'network', message: `HTTP ${response.status}` };
  }
}

export async function json<T>(path: string, shape: Shape<T>, signal?: AbortSignal, alsoRead?: number): Promise<Answer<T>> {
  const asked = await ask(path, signal);
  if (asked.kind !== 'success') return asked;
  const response = asked.value;
  if (!response.ok && response.status !== alsoRead) return refusal(response);
  try {
    return { kind: 'success', value: shape.read(await response.json(), path) };
  } catch (error) {
    if (signal?.aborted) return { kind: 'aborted' };
    return { kind: 'error', code: error instanceof Misfit ? 'form' : 'network', message: String(error) };
  }
}

/** Changes something: `body` as JSON, with the session's own token, which no other site can know. */
export async function change<T>(method: 'POST' | 'PATCH', path: string, body: object, shape: Shape<T>, csrf: string | null): Promise<Answer<T>> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (csrf !== null) headers['x-csrf-token'] = csrf;
  try {
    const response = await fetch(path, { method, headers, body: JSON.stringify(body), cache: 'no-store' });
    if (!response.ok) return refusal(response);
    return { kind: 'success', value: shape.read(await response.json(), path) };
  } catch (error) {
    return { kind: 'error', code: error instanceof Misfit ? 'form' : 'network', message: String(error) };
  }
}

export const getSession = (signal?: AbortSignal) => json('/api/session', sessionShape, signal);
export const getAccounts = (signal?: AbortSignal) => json('/api/accounts', accountsShape, signal);

export function getAudit(deed: string, beforeSeq: number | null, signal?: AbortSignal) {
  const query = new URLSearchParams({ limit: '50' });
  if (deed !== '') query.set('deed', deed);
  if (beforeSeq !== null) query.set('before_seq', String(beforeSeq));
  return json(`/api/audit?${query}`, auditPageShape, signal);
}

export interface EventFilter {
  openOnly: boolean;
  code: string | null;
}

export const getHall = (signal?: AbortSignal) => json('/api/hall', hallShape, signal);
export const getSnapshot = (signal?: AbortSignal) => json('/api/snapshot', snapshotShape, signal);
export const getHistory = (signal?: AbortSignal) => json('/api/history', historyShape, signal);
// A critical box answers 503 with the report that says why.
export const getHealth = (signal?: AbortSignal) => json('/health', healthShape, signal, 503);
export const getBoxes = (camera: string, signal?: AbortSignal) =>
  json(`/api/cameras/${encodeURIComponent(camera)}/boxes`, boxesShape, signal);
export const getEvent = (id: string, signal?: AbortSignal) =>
  json(`/api/events/${encodeURIComponent(id)}`, eventRevisionsShape, signal);

export function getEvents(filter: EventFilter, limit: number, beforeSeq: number | null, signal?: AbortSignal) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (filter.openOnly) query.set('open', 'true');
  if (filter.code) query.set('code', filter.code);
  if (beforeSeq !== null) query.set('before_seq', String(beforeSeq));
  return json(`/api/events?${query}`, eventPageShape, signal);
}

export interface Frame {
  picture: ImageBitmap;
  ageMs: number | null;
}

export async function getFrame(camera: string, maxWidthPx: number, signal?: AbortSignal): Promise<Answer<Frame>> {
  const asked = await ask(`/api/cameras/${encodeURIComponent(camera)}/frame.jpg?max_width=${maxWidthPx}`, signal);
  if (asked.kind !== 'success') return asked;
  const response = asked.value;
  if (!response.ok) return refusal(response);
  try {
    const age = Number(response.headers.get('x-frame-age-ms') ?? NaN);
    const picture = await createImageBitmap(await response.blob());
    return { kind: 'success', value: { picture, ageMs: Number.isFinite(age) ? age : null } };
  } catch (error) {
    if (signal?.aborted) return { kind: 'aborted' };
    return { kind: 'error', code: 'form', message: String(error) };
  }
}
