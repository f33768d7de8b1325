// Keeps the store filled: first reads, the live stream, reconnection, polls of health and history.

import { effect, untracked } from '@preact/signals';
import { getEvents, getHall, getHealth, getHistory, getSnapshot, type Answer } from './api';
import { merged } from './event-list';
import { byUrgency, received } from './inbox';
import { entered, may, refresh } from './session';
import { eventShape, snapshotShape, type EventPage, type EventRecord } from './types';
import * as store from './store';

/** The agent sends at least every 3 s; twice that and the stream is dead even if the socket is not. */
const SILENCE_MS = 6_500;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];
const HEALTH_MS = 5_000;
const HISTORY_MS = 20_000;
const PAGE_ROWS = 20;
/** Rows of open events read at a time, and at most: more than any hall has at once. */
const INBOX_ROWS = 200;
const INBOX_MAX = 1_000;

let stream: EventSource | null = null;
let lastSeq: number | null = null;
let lastMessageMs = 0;
let failures = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let eventsRead = 0;

export function start(): void {
  // Nobody is followed before somebody may look; when the session is over the sign-in view takes the place of the board.
  effect(() => {
    if (entered.value) void untracked(connect);
  });
  setInterval(tick, 1_000);
  const whileVisible = (poll: () => void, everyMs: number) => {
    setInterval(() => document.visibilityState === 'visible' && poll(), everyMs);
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && poll());
  };
  whileVisible(() => void readHealth(), HEALTH_MS);
  whileVisible(() => void readHistory(), HISTORY_MS);
}

function tick(): void {
  store.clockMs.value = performance.now();
  if (store.link.value === 'live') {
    store.tickMs.value = performance.now();
    if (performance.now() - lastMessageMs > SILENCE_MS) reconnect();
  }
}

/** Reads everything, then follows from exactly there. */
async function connect(): Promise<void> {
  if (!entered.peek()) return;
  if (!may('board')) {
    const hall = await getHall();
    if (hall.kind === 'success') store.hall.value = hall.value;
    return readHealth();
  }
  const [hall, snapshot] = await Promise.all([getHall(), getSnapshot()]);
  if (hall.kind === 'success') store.hall.value = hall.value;
  if (snapshot.kind !== 'success' || hall.kind !== 'success') return reconnect();
  take(snapshot.value);
  void readHealth();
  void readHistory();
  // Read first and followed from there, so that no change falls between list and stream.
  const from = await readInbox();
  await readEvents();
  if (from === null || store.events.value.state === 'error') return reconnect();
  lastSeq = from;
  follow();
}

function take(data: NonNullable<typeof store.snapshot.value>['data']): void {
  const now = performance.now();
  lastMessageMs = now;
  store.tickMs.value = now;
  store.snapshot.value = { data, receivedMs: now };
}

function follow(): void {
  stream?.close();
  const source = new EventSource(lastSeq === null ? '/api/live' : `/api/live?after=${lastSeq}`);
  stream = source;
  lastMessageMs = performance.now();
  source.addEventListener('open', () => {
    failures = 0;
    lastMessageMs = performance.now();
    store.link.value = 'live';
  });
  // Every break goes through reconnect(): a fresh read of everything costs little and cannot miss a change.
  source.addEventListener('error', () => source === stream && reconnect());
  on(source, 'snapshot', (data) => take(snapshotShape.read(data, 'snapshot')));
  on(source, 'event', (data) => takeEvent(eventShape.read(data, 'event')));
  on(source, 'hall', () => void getHall().then((answer) => answer.kind === 'success' && (store.hall.value = answer.value)));
  on(source, 'reset', () => {
    lastSeq = null;
    reconnect();
  });
}

function on(source: EventSource, name: string, handle: (data: unknown) => void): void {
  source.addEventListener(name, (message) => {
    if (source !== stream) return;
    lastMessageMs = performance.now();
    try {
      handle(JSON.parse((message as MessageEvent<string>).data));
    } catch (error) {
      // An agent of another version: the page must not show half of it as the truth.
      console.error(`live ${name} not understood:`, error);
      reconnect();
    }
  });
}

function reconnect(): void {
  stream?.close();
  stream = null;
  void refresh();
  if (store.link.value === 'live' || failures > 0) store.link.value = 'lost';
  clearTimeout(retryTimer);
  const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 10_000;
  failures += 1;
  if (failures > 1) store.link.value = 'lost';
  retryTimer = setTimeout(() => void connect(), wait);
}

function takeEvent(record: EventRecord): void {
  lastSeq = Math.max(lastSeq ?? 0, record.seq);
  const list = store.events.value;
  store.events.value = { ...list, rows: merged(list.rows, record, store.fitsFilter(record)) };
  store.inbox.value = received(store.inbox.value ?? [], record);
  if (record.state === 'open' && ['notice', 'warn', 'severe'].includes(record.level)) store.announced.value = record;
  countOpenSoon();
}

let countTimer: ReturnType<typeof setTimeout> | undefined;

/** A burst of records asks for the count once. */
function countOpenSoon(): void {
  clearTimeout(countTimer);
  countTimer = setTimeout(async () => {
    const answer = await getEvents({ openOnly: true, code: null }, 1, null);
    if (answer.kind === 'success') store.openCount.value = answer.value.open_events;
  }, 300);
}

/** Reads all open events. The sequence number they are complete up to; null when that failed. */
async function readInbox(): Promise<number | null> {
  let open: EventRecord[] = [];
  let before: number | null = null;
  let from: number | null = null;
  do {
    const answer: Answer<EventPage> = await getEvents({ openOnly: true, code: null }, INBOX_ROWS, before);
    if (answer.kind !== 'success') return null;
    open = open.concat(answer.value.events);
    before = answer.value.next_before_seq;
    from = from ?? answer.value.last_seq;
  } while (before !== null && open.length < INBOX_MAX);
  store.inbox.value = open.sort(byUrgency);
  return from;
}

const reasonOf = (answer: Answer<unknown>) => (answer.kind === 'error' ? answer.code : '');

/** Reads the list by the present filter; `older` continues it. A later call makes an earlier answer void. */
export async function readEvents(older = false): Promise<void> {
  const mine = ++eventsRead;
  const held = store.events.value;
  if (!older && held.rows.length === 0) store.events.value = { ...held, state: 'loading' };
  const filter = { openOnly: store.openOnly.value, code: store.codeFilter.value };
  const answer = await getEvents(filter, PAGE_ROWS, older ? held.nextBeforeSeq : null);
  if (mine !== eventsRead) return;
  if (answer.kind !== 'success') {
    store.events.value = { ...store.events.value, state: 'error', reason: reasonOf(answer) };
    return;
  }
  const page = answer.value;
  store.openCount.value = page.open_events;
  // Everything up to the page's last_seq is in the page; older pages say nothing about the newest.
  if (!older) lastSeq = Math.max(lastSeq ?? 0, page.last_seq);
  const present = store.events.value.rows;
  const rows = older
    ? [...present, ...page.events.filter((e) => !present.some((r) => r.event_id === e.event_id))]
    : // The stream may have been faster than this answer.
      present
        .filter((r) => r.seq > page.last_seq && store.fitsFilter(r))
        .reduceRight((all, r) => merged(all, r, true), page.events);
  store.events.value = { state: 'ready', reason: '', rows, nextBeforeSeq: page.next_before_seq };
}

export function filterEvents(change: { openOnly?: boolean; code?: string | null }): void {
  if (change.openOnly !== undefined) store.openOnly.value = change.openOnly;
  if (change.code !== undefined) store.codeFilter.value = change.code;
  store.events.value = { state: 'loading', reason: '', rows: [], nextBeforeSeq: null };
  void readEvents();
}

async function readHealth(): Promise<void> {
  if (!entered.peek()) return;
  const answer = await getHealth();
  if (answer.kind === 'success') store.health.value = answer.value;
}

async function readHistory(): Promise<void> {
  if (!entered.peek() || !may('board')) return;
  const answer = await getHistory();
  if (answer.kind === 'success') store.history.value = answer.value;
}
