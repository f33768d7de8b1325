// A made-up hall for working on the page without an agent. The forms come from the agent's own golden files, so that the
// mock cannot drift from the interface; the picture is a rendered scene with no real person in it.

import { readFileSync } from 'node:fs';

const golden = (name) => JSON.parse(readFileSync(new URL(`../../edge-agent/src/web/golden/${name}`, import.meta.url), 'utf8'));
const drawn = JSON.parse(readFileSync(new URL('picture.json', import.meta.url), 'utf8'));
export const picture = readFileSync(new URL('frame.jpg', import.meta.url));

const MIN = 60_000;
const NAMES = [
  ['综合窗口', 'General services'], ['社保窗口', 'Social insurance'], ['户籍窗口', 'Household registration'],
  ['税务窗口', 'Tax'], ['不动产窗口', 'Real estate'], ['市场监管窗口', 'Business registration'],
  ['医保窗口', 'Medical insurance'], ['婚姻登记', 'Marriage registration'], ['公安出入境', 'Exit and entry permits'],
  ['帮办代办', 'Assisted services'],
];

export const stamp = (ms) => `${new Date(ms + 8 * 3_600_000).toISOString().slice(0, 23)}+08:00`;

/** A hall of so many windows; beyond ten the names and states come again. */
const each = (count, make) => Array.from({ length: count }, (_, i) => make(i % NAMES.length, i));

export function hall(count = NAMES.length) {
  const base = golden('hall.json');
  return {
    ...base,
    windows: each(count, (n, i) => ({ id: `W${i + 1}`, name: { zh: NAMES[n][0], en: NAMES[n][1] } })),
    queues: [
      { id: 'Q1', name: { zh: '大厅排队区', en: 'Main queue' }, windows: [], capacity: 20 },
      { id: 'Q2', name: { zh: '税务排队区', en: 'Tax queue' }, windows: ['W4'], capacity: 12 },
    ],
    cameras: [
      { id: 'cam1', name: { zh: '柜台一至四', en: 'Counters 1 to 4' } },
      { id: 'cam2', name: { zh: '柜台五至十', en: 'Counters 5 to 10' } },
      { id: 'cam3', name: { zh: '排队区', en: 'Queue area' } },
    ],
    zones: drawn.zones,
  };
}

/** State, reason, minutes in it, customers, level, sources of each window. */
const WINDOWS = [
  ['staffed', 'video_and_sensor_present', 73, 1, null, ['video:cam1', 'seat:W1-seat']],
  ['unstaffed', 'video_absent', 7.33, 2, 'notice', ['video:cam1']],
  ['staffed', 'sensor_present', 12, 0, null, ['seat:W3-seat']],
  ['unstaffed', 'video_absent', 15.2, 1, 'severe', ['video:cam1', 'radar:W4-radar']],
  ['staffed', 'video_present', 131, 1, null, ['video:cam2']],
  ['unknown', 'camera_down', 1.6, 0, null, []],
  ['unstaffed', 'video_absent', 11.4, 0, 'warn', ['video:cam2']],
  ['paused', 'pause_declared', 4.2, 0, null, ['pause:W8-switch']],
  ['off_duty', 'not_scheduled', 127, 0, null, []],
  ['unstaffed', 'video_absent', 1.1, 0, null, ['video:cam2']],
];

export function snapshot(now, started, count = NAMES.length) {
  const ran = now - started;
  const windows = each(count, (n, i) => {
    // Of a large hall most windows are staffed.
    const [state, reason, minutes, customers, level, sources] = WINDOWS[i >= WINDOWS.length && n % 5 !== 0 ? 4 : n];
    const forMs = Math.round(minutes * MIN) + ran;
    return {
      window: `W${i + 1}`, state, since: stamp(now - forMs), for_ms: forMs, reason,
      video: state === 'staffed' ? 'yes' : state === 'unstaffed' ? 'no' : 'unknown', sensor: 'unknown',
      evidence_sources: sources, away_from_seat: i === 4, customers, level,
      open_event: level ? eventId(i) : null, absent_ms: state === 'unstaffed' ? forMs : 0,
    };
  });
  const queue = (id, state, length, inZone, saturated, minutes, level, wait) => ({
    queue: id, state, since: stamp(now - minutes * MIN - ran), for_ms: minutes * MIN + ran, length, in_zone: inZone,
    saturated, open_event: level ? eventId(20) : null, level, ...wait,
  });
  return {
    v: 1, at: stamp(now), now: stamp(now), age_ms: 0, clock_synced: true, windows,
    queues: [
      queue('Q1', 'long', 12, 15, true, 4, 'warn', { wait_est_s: 1_320, wait_error_s: 240, wait_src: 'ticket', open_windows: 3, advised_windows: 5 }),
      queue('Q2', 'normal', 3, 4, false, 42, null, { wait_est_s: 240, wait_error_s: null, wait_src: 'video', open_windows: 1, advised_windows: 1 }),
    ],
    cameras: [
      { camera: 'cam1', down: null, last_seen: stamp(now - 200) },
      { camera: 'cam2', down: null, last_seen: stamp(now - 180) },
      { camera: 'cam3', down: 'offline', last_seen: stamp(now - 95_000) },
    ],
    sensors: [
      { sensor: 'W1-seat', value: true, quality: 'good', reason: null, since: null, last_seen: stamp(now - 3_000), age_ms: 3_000, ons_last_hour: 4 },
      { sensor: 'W3-seat', value: true, quality: 'stale', reason: 'silent', since: stamp(now - 30_000), last_seen: stamp(now - 120_000), age_ms: 120_000, ons_last_hour: 0 },
    ],
  };
}

export const eventId = (n) => `01K5M8Q7Z0${String(n).padStart(16, '0')}`;

export function event(seq, n, change) {
  const base = golden('events.json').events[0];
  return { ...base, seq, event_id: eventId(n), hash: seq.toString(16).padStart(64, 'a7'), related: [], tags: [], ...change };
}

export function firstEvents(now) {
  const at = (min) => stamp(now - min * MIN);
  const closed = (min, end, reason) => ({
    state: 'closed', phase: 'cleared', rev: 2, onset: at(min), raised: at(min - 5), end: at(end), updated: at(end - 1),
    end_reason: reason, duration_s: (min - end) * 60, absent_s: (min - end) * 60, unobserved_s: 0,
  });
  const open = (min, rev) => ({
    state: 'open', phase: rev === 1 ? 'raised' : 'updated', rev, onset: at(min), raised: at(min - 5),
    updated: at(Math.max(0, min - 5 * rev)), end: null, end_reason: null, duration_s: Math.min(min, 5 * rev) * 60,
    absent_s: Math.min(min, 5 * rev) * 60, unobserved_s: 0,
  });
  return [
    event(40, 31, { subject: 'W2', code: 'late_open', level: 'warn', ...closed(130, 118, 'returned') }),
    event(41, 32, { subject: 'W5', ...closed(96, 88.67, 'returned') }),
    event(42, 33, { subject: 'W9', level: 'severe', tags: ['early_close'], ...closed(60, 40, 'schedule_end') }),
    event(43, 34, { subject_kind: 'sensor', subject: 'W3-seat', code: 'sensor_conflict', level: 'info', ...open(22, 1) }),
    event(44, 3, { subject: 'W4', level: 'severe', ...open(15.2, 3) }),
    event(45, 6, { subject: 'W7', level: 'warn', ...open(11.4, 2) }),
    event(46, 1, { subject: 'W2', level: 'notice', ...open(7.33, 1) }),
    event(47, 20, { subject_kind: 'queue', subject: 'Q1', code: 'queue_long', level: 'warn', peak: 14, tags: ['saturated'], ...open(4, 1), raised: at(1), updated: at(1) }),
    event(48, 21, { subject_kind: 'camera', subject: 'cam3', code: 'camera_offline', level: 'fault', ...open(1.6, 1), raised: at(0.6), updated: at(0.6) }),
  ];
}

export function health(now, started) {
  const base = golden('health.json');
  const camera = (camera, state, fps, age, infer) => ({
    ...base.cameras[0], camera, state, fps, last_frame_age_ms: age, analysed: 48_213 + Math.round((now - started) / 200), dropped: 17, infer_ms: infer,
  });
  return {
    ...base,
    components: [...base.components.filter((c) => c.name === 'store'), { name: 'camera:cam3', state: 'restarting', detail: 'no picture for 10 s; connecting again' }],
    cameras: [camera('cam1', 'up', 4.9, 180, 38.4), camera('cam2', 'up', 5, 160, 41.2), camera('cam3', 'down', 0, 95_000, 40.1)],
  };
}

export function boxes(now) {
  return {
    v: 1, camera: 'cam1', at: stamp(now - 240), age_ms: 240,
    detections: drawn.boxes.map(([x1, y1, x2, y2], i) => ({ x1, y1, x2, y2, score: Math.round(95 - i * 4) / 100 })),
  };
}

export function history(now) {
  const runs = (...parts) => parts.map(([state, samples]) => ({ state, samples }));
  const whole = { staffed: runs(['staffed', 180]), paused: runs(['staffed', 155], ['paused', 25]), off_duty: runs(['off_duty', 180]), unknown: runs(['staffed', 120], ['unstaffed', 20], ['staffed', 30], ['unknown', 10]) };
  return {
    v: 1, step_ms: 10_000, samples: 180, max_samples: 180, to: stamp(now),
    windows: WINDOWS.map(([state, , minutes], i) => {
      const n = Math.min(150, Math.round(minutes * 6));
      return { window: `W${i + 1}`, runs: state === 'unstaffed' ? runs(['paused', 15], ['staffed', 165 - n], ['unstaffed', n]) : whole[state] };
    }),
    queues: [
      { queue: 'Q1', lengths: Array.from({ length: 180 }, (_, i) => Math.max(0, Math.round(3 + i / 20 + 2 * Math.sin(i / 9)))) },
      { queue: 'Q2', lengths: Array.from({ length: 180 }, (_, i) => (i > 60 && i < 80 ? null : Math.max(0, Math.round(3 + 2 * Math.sin(i / 14))))) },
    ],
  };
}

export const refusal = (code, message) => ({ ...golden('error.json'), code, message });
