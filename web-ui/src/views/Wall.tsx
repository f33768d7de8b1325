// The wall screen: the hall read from five metres, without scrolling. Where windows do not fit on one page, pages take turns.
// `#/wall` opens it, W switches to and from it, arrows turn pages, space holds one.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { LevelBadge } from '../components/LevelBadge';
import { StateWord } from '../components/StateWord';
import { duration, hourMinute } from '../format';
import { lang, named, t } from '../i18n';
import { CloseIcon, StateIcon } from '../icons';
import { go } from '../route';
import { elapsedMs, hall, hallNow, snapshot } from '../store';
import { timerMs } from '../timer';
import { windowState, type QueueNow, type WindowNow } from '../types';
import { grid, pages } from '../wall-pages';
import { DeviceStrip } from './Devices';
import { Notices } from './Notices';
import { waitText } from './Queues';

/** How long a page stands: three seconds to find a window, and time to read on. */
const PAGE_MS = 10_000;
/** Smallest tile, in hundredths of the screen's smaller side; see wall.css for the sizes of letters. */
const TILE = { wide: 42, high: 26.5 };
/** The same in a large hall. */
const DENSE = { wide: 33.5, high: 17.4 };
const GAP = 1.4;
/** Beyond so many pages tiles get smaller: a round must not take minutes. */
const MAX_ROUND = 3;
/** Queues beside each other at most. */
const QUEUES = 3;

export function Wall() {
  const data = snapshot.value?.data;
  const list = useRef<HTMLUListElement>(null);
  const [room, fit] = useState({ large: { columns: 4, rows: 2 }, dense: { columns: 5, rows: 3 } });
  const [turn, setTurn] = useState(0);
  const [held, hold] = useState(false);
  const large = data ? pages(data.windows, room.large.columns * room.large.rows) : [];
  const dense = large.length > MAX_ROUND;
  const most = dense ? room.dense : room.large;
  const shownPages = data && dense ? pages(data.windows, most.columns * most.rows) : large;
  const queuePages = Math.ceil((data?.queues.length ?? 0) / QUEUES);
  const count = Math.max(shownPages.length, queuePages);
  const tiles = shownPages[turn % Math.max(1, shownPages.length)] ?? [];
  const { columns, rows } = grid(tiles.length, most);

  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      const unit = Math.min(innerWidth, innerHeight) / 100;
      const many = (px: number, tile: number) => Math.max(1, Math.floor((px + GAP * unit) / ((tile + GAP) * unit)));
      const tiles = ({ wide, high }: typeof TILE) => ({ columns: many(element.clientWidth, wide), rows: many(element.clientHeight, high) });
      fit({ large: tiles(TILE), dense: tiles(DENSE) });
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [data !== undefined]);

  useEffect(() => {
    if (held || count < 2) return;
    const timer = setInterval(() => setTurn((n) => n + 1), PAGE_MS);
    return () => clearInterval(timer);
  }, [held, count]);

  useEffect(() => {
    const press = (key: KeyboardEvent) => {
      if (key.ctrlKey || key.altKey || key.metaKey) return;
      if (key.key === 'Escape') go('');
      else if (key.key === 'ArrowRight') setTurn((n) => n + 1);
      else if (key.key === 'ArrowLeft') setTurn((n) => n + Math.max(1, count) - 1);
      // On a button the space bar presses it.
      else if (key.key === ' ' && !(key.target instanceof HTMLButtonElement)) hold((is) => !is);
      else return;
      key.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [count]);

  const h = hall.value;
  const page = count > 0 ? (turn % count) + 1 : 1;
  return (
    <main class="wall" id="main" tabIndex={-1} data-testid="wall" data-page={page} data-pages={count}>
      <header class="wall__head">
        <h1>{h ? named(h.name, h.hall) : t.value.title}</h1>
        {data && (
          <ul class="wall__counts" aria-label={t.value.board}>
            {windowState.values.map((state) => {
              const n = data.windows.filter((w) => w.state === state).length;
              return <li key={state} class={`board__count board__count--${state}`} data-zero={n === 0}><StateIcon state={state} /> <b>{n}</b> <span>{t.value.windowState[state]}</span></li>;
            })}
          </ul>
        )}
        {hallNow.value && <time class="wall__time" dateTime={hallNow.value}>{hourMinute(hallNow.value)}</time>}
        {count > 1 && <p class="wall__page">{t.value.wallPage(page, count)}{held && ` · ${t.value.wallHeld}`}</p>}
        <button type="button" class="button button--icon wall__leave" aria-label={t.value.wallLeave} title={t.value.wallLeave} onClick={() => go('')}><CloseIcon /></button>
      </header>
      <Notices />
      <ul class="wall__grid" ref={list} data-dense={dense} style={{ '--columns': columns, '--rows': rows }}>
        {tiles.map((w) => <WallTile key={w.window} window={w} ageMs={data?.age_ms ?? 0} />)}
      </ul>
      {data && data.queues.length > 0 && (
        <ul class="wall__queues">
          {data.queues.slice(((page - 1) % queuePages) * QUEUES, ((page - 1) % queuePages) * QUEUES + QUEUES).map((q) => <WallQueue key={q.queue} queue={q} />)}
        </ul>
      )}
      <DeviceStrip />
    </main>
  );
}

function WallTile({ window: w, ageMs }: { window: WindowNow; ageMs: number }) {
  const name = named(hall.value?.windows.find((info) => info.id === w.window)?.name, w.window);
  const level = w.state === 'unstaffed' ? w.level : null;
  return (
    <li class={`tile tile--${w.state} ${level ? `tile--${level}` : ''}`} data-testid="wall-window" data-window={w.window} data-state={w.state}>
      <h2 class="wall__name"><b>{w.window}</b> {name !== w.window && <span>{name}</span>}</h2>
      <p class="wall__state"><StateIcon state={w.state} /> <StateWord text={t.value.windowState[w.state]} /></p>
      <p class="wall__timer">{duration(timerMs(w, ageMs, elapsedMs.value), lang.value)} {w.level && <LevelBadge level={w.level} />}</p>
      <p class="wall__why">{t.value.reason[w.reason]}</p>
    </li>
  );
}

function WallQueue({ queue: q }: { queue: QueueNow }) {
  const h = hall.value;
  const raiseAt = h?.rules.queue_raise_count ?? 10;
  const { waits, advice } = waitText(q);
  return (
    <li class={`wall__queue queue--${q.state}`} data-testid="wall-queue" data-queue={q.queue}>
      <h2><b>{q.queue}</b> {named(h?.queues.find((info) => info.id === q.queue)?.name, q.queue)}</h2>
      <p class="wall__length">
        <b>{q.length === null ? '–' : `${q.saturated ? '≥' : ''}${q.length}`}</b> {q.length !== null && t.value.peopleUnit} <span>{t.value.queueState[q.state]}</span>
      </p>
      <div class="queue__bar" aria-hidden="true">
        {q.length !== null && <div class="queue__fill" style={{ width: `${Math.min(100, (q.length / raiseAt) * 66.7)}%` }} />}
        <i class="queue__limit" />
      </div>
      <p class="wall__wait">{waits}{advice && <> <b>{advice}</b></>}</p>
    </li>
  );
}
