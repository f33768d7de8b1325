// Serves the built page and a made-up hall, as the agent does: same routes, same headers. Prints its address.
//   npm run build && npm run mock            then open the printed address
//   PORT=8080 npm run mock & npm run dev     to work on the source

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as figures from './figures.mjs';
import * as scenario from './scenario.mjs';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

export function startMock(port = 0, { windows = 10 } = {}) {
  const started = Date.now();
  const log = scenario.firstEvents(started);
  const streams = new Set();
  let stalledAt = null;
  const snapshot = (now) => {
    if (stalledAt === null) return scenario.snapshot(now, started, windows);
    const age_ms = now - stalledAt;
    const seen = scenario.snapshot(stalledAt, started, windows);
    return { ...seen, now: scenario.stamp(now), age_ms, windows: seen.windows.map((w) => ({ ...w, for_ms: w.for_ms + age_ms })) };
  };
  const lastSeq = () => log.at(-1).seq;
  const newest = () => [...new Map(log.map((e) => [e.event_id, e])).values()].sort((a, b) => b.seq - a.seq);
  const say = (stream, name, body, id) => stream.write(`${id ? `id: ${id}\n` : ''}event: ${name}\ndata: ${JSON.stringify(body)}\n\n`);

  const json = (response, body, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  };

  const kept = (url, now, response) => {
    const { searchParams: q } = url;
    const made = url.pathname === '/api/day' ? figures.day(q.get('date') ?? figures.days(now).today, now, scenario.hall(windows))
      : url.pathname === '/api/report' ? figures.report(q.get('month'), now, scenario.hall(windows))
        : figures.tables(q.get('month'), q.get('lang') ?? 'zh', now, scenario.hall(windows));
    return made ? json(response, made) : json(response, scenario.refusal('figures_none', 'There are no figures of that on this box.'), 404);
  };

  const answer = (url, request, response) => {
    const now = Date.now();
    const [, camera, part] = url.pathname.match(/^\/api\/cameras\/(\w+)\/(\S+)$/) ?? [];
    const id = url.pathname.match(/^\/api\/events\/(\w+)$/)?.[1];
    if (url.pathname === '/api/session') return json(response, { v: 1, mode: 'open', account: null, rights: ['names', 'board', 'events', 'figures', 'pictures', 'health'], csrf: null, ends_in_s: null });
    if (url.pathname === '/api/hall') return json(response, scenario.hall(windows));
    if (url.pathname === '/api/snapshot') return json(response, snapshot(now));
    if (url.pathname === '/api/history') return json(response, scenario.history(now));
    if (url.pathname === '/health') return json(response, scenario.health(now, started));
    if (url.pathname === '/api/days') return json(response, figures.days(now));
    if (url.pathname.startsWith('/api/day') || url.pathname.startsWith('/api/report')) return kept(url, now, response);
    if (url.pathname === '/api/events') {
      const { searchParams: q } = url;
      const fits = newest().filter((e) => (q.get('open') !== 'true' || e.state === 'open') && (!q.get('code') || e.code === q.get('code')));
      return json(response, { v: 1, events: fits.slice(0, Number(q.get('limit') ?? 50)), open_events: newest().filter((e) => e.state === 'open').length, last_seq: lastSeq(), next_before_seq: null });
    }
    if (id) {
      const last = log.filter((e) => e.event_id === id);
      if (last.length === 0) return json(response, scenario.refusal('event_unknown', 'No event with this id is kept on this box.'), 404);
      const earlier = Array.from({ length: last[0].rev - 1 }, (_, i) => ({ ...last[0], rev: i + 1, seq: last[0].seq - 30 + i, phase: i === 0 ? 'raised' : 'updated', state: 'open', end: null, end_reason: null, level: ['notice', 'warn'][i] ?? 'severe', duration_s: 300 * (i + 1) }));
      return json(response, { v: 1, event_id: id, revisions: [...earlier, ...last] });
    }
    if (part === 'boxes') return json(response, scenario.boxes(now));
    if (part === 'frame.jpg') {
      if (camera !== 'cam1') return json(response, scenario.refusal('frame_unavailable', 'This camera has not delivered a picture yet; its health says why.'), 503);
      response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'no-store', 'x-frame-age-ms': '180' });
      return response.end(scenario.picture);
    }
    if (url.pathname === '/api/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      response.write('retry: 2000\n\n');
      const after = Number(request.headers['last-event-id'] ?? url.searchParams.get('after') ?? lastSeq());
      say(response, 'snapshot', snapshot(now));
      for (const e of log.filter((e) => e.seq > after)) say(response, 'event', e, e.seq);
      streams.add(response);
      return request.on('close', () => streams.delete(response));
    }
    return file(url, request, response);
  };

  const file = (url, request, response) => {
    const path = normalize(join(DIST, url.pathname === '/' ? 'index.html' : url.pathname));
    if (!path.startsWith(DIST) || !existsSync(path) || !statSync(path).isFile()) return json(response, scenario.refusal('not_found', 'There is nothing under this path.'), 404);
    const packed = existsSync(`${path}.gz`) && (request.headers['accept-encoding'] ?? '').includes('gzip');
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'cache-control': 'no-cache', ...(packed ? { 'content-encoding': 'gzip' } : {}) });
    return createReadStream(packed ? `${path}.gz` : path).pipe(response);
  };

  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('x-content-type-options', 'nosniff');
    answer(new URL(request.url, 'http://localhost'), request, response);
  });

  // Every three seconds something happens: a new short absence, then its end.
  let n = 100;
  const happen = setInterval(() => {
    const now = Date.now();
    const last = log.at(-1);
    const ends = last.event_id === scenario.eventId(n) && last.state === 'open';
    if (!ends) n += 1;
    const change = { subject: `W${(n % 5) + 1}`, onset: scenario.stamp(now - 300_000), raised: scenario.stamp(now), updated: scenario.stamp(now), level: 'notice' };
    log.push(scenario.event(lastSeq() + 1, n, ends
      ? { ...change, rev: 2, state: 'closed', phase: 'cleared', end: scenario.stamp(now), end_reason: 'returned', duration_s: 300, absent_s: 300 }
      : { ...change, rev: 1, state: 'open', phase: 'raised', end: null, end_reason: null, duration_s: 300, absent_s: 300 }));
    for (const stream of streams) say(stream, 'event', log.at(-1), lastSeq());
  }, 3_000);
  let silent = false;
  const renew = setInterval(() => !silent && streams.forEach((stream) => say(stream, 'snapshot', snapshot(Date.now()))), 1_000);

  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const stop = () => {
        clearInterval(happen);
        clearInterval(renew);
        server.close();
        server.closeAllConnections();
      };
      const stall = () => (stalledAt = Date.now() - 20_000);
      // As a network that swallows everything: connections stay open, nothing comes any more.
      const swallow = () => {
        silent = true;
        server.removeAllListeners('request');
        clearInterval(happen);
      };
      resolve({ stall, swallow, url: `http://127.0.0.1:${server.address().port}`, stop });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock(Number(process.env.PORT ?? 0), { windows: Number(process.env.WINDOWS ?? 10) });
  console.log(url);
}
