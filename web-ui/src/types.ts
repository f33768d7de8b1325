// The HTTP forms v1 as the page reads them; test/types.test.ts holds them against the agent's golden files and OpenAPI.

import { flag, list, number, object, one, oneOf, orAbsent, orNull, text, type Infer } from './shape';

const names = object({ zh: text, en: text });

export const windowState = oneOf(['staffed', 'unstaffed', 'paused', 'off_duty', 'unknown']);
export const reason = oneOf([
  'video_present', 'sensor_present', 'video_and_sensor_present', 'video_absent', 'sensor_absent', 'conflict',
  'pause_declared', 'not_scheduled', 'camera_down', 'no_observation', 'clock_unsynced',
  'sensor_stale', 'sensor_suspect', 'sensor_down', 'static_presence', 'on_leave', 'covered_by_group', 'pause_over_limit', 'extra_open',
]);
export const tri = oneOf(['yes', 'no', 'unknown']);
export const level = oneOf(['info', 'fault', 'notice', 'warn', 'severe']);
export const queueState = oneOf(['normal', 'long', 'unknown']);
export const fault = oneOf(['offline', 'dark', 'blocked', 'blurry', 'frozen', 'moved', 'defect', 'unanalysed']);
export const quality = oneOf(['good', 'stale', 'suspect', 'fault']);
export const sensorReason = oneOf([
  'not_heard', 'silent', 'retained', 'gateway', 'stuck_on', 'stuck_off', 'flapping', 'conflict', 'sensor_wrong', 'contradictory',
  'offline', 'defect',
]);
export const zoneKind = oneOf(['staff', 'staff_extended', 'counter', 'queue']);
export const sensorKind = oneOf(['presence', 'seat', 'pause']);
export const overall = oneOf(['ok', 'degraded', 'critical']);
export const componentState = oneOf(['starting', 'up', 'degraded', 'restarting', 'down']);
export const cameraState = oneOf(['connecting', 'up', 'down']);
export const uplinkMode = oneOf(['disabled', 'offline', 'catch_up', 'live']);

export const hallShape = object({
  v: one,
  hall: text,
  box: text,
  name: names,
  windows: list(object({ id: text, name: names, department: orAbsent(names) })),
  queues: list(object({ id: text, name: names, windows: list(text), capacity: orNull(number) })),
  cameras: list(object({ id: text, name: names })),
  sensors: list(object({ id: text, window: text, kind: sensorKind })),
  zones: list(object({
    id: text, camera: text, kind: zoneKind, subject: text, polygon: list(object({ x: number, y: number })),
  })),
  rules: object({
    rule: text, notice_s: number, warn_s: number, severe_s: number, return_hold_s: number, open_grace_s: number,
    queue_raise_count: number, queue_clear_count: number, queue_duration_s: number, queue_dwell_s: number,
    camera_stale_s: number,
  }),
  versions: object({ agent: text, config_sha256: text, model: text, model_sha256: text }),
});

const windowShape = object({
  window: text, state: windowState, since: text, for_ms: number, reason, video: tri, sensor: tri,
  evidence_sources: list(text), away_from_seat: flag, customers: number, open_event: orNull(text), level: orNull(level),
  absent_ms: number,
});

const queueShape = object({
  queue: text, state: queueState, since: text, for_ms: number, length: orNull(number), in_zone: orNull(number),
  wait_est_s: orNull(number), wait_error_s: orNull(number), wait_src: orNull(oneOf(['ticket', 'video'])), open_windows: number, advised_windows: orNull(number),
  saturated: flag, open_event: orNull(text), level: orNull(level),
});

export const snapshotShape = object({
  v: one,
  at: text,
  now: text,
  age_ms: number,
  clock_synced: flag,
  windows: list(windowShape),
  queues: list(queueShape),
  cameras: list(object({ camera: text, down: orNull(fault), last_seen: orNull(text) })),
  sensors: list(object({
    sensor: text, value: orNull(flag), quality, reason: orNull(sensorReason), since: orNull(text), last_seen: orNull(text),
    age_ms: orNull(number), ons_last_hour: number,
  })),
});

export const eventShape = object({
  v: one, seq: number, event_id: text, rev: number, hall: text, box: text, subject_kind: text, subject: text, code: text,
  level, state: oneOf(['open', 'closed']), phase: oneOf(['raised', 'updated', 'cleared', 'revised']), onset: text, raised: text,
  updated: text, end: orNull(text), end_reason: orNull(text), duration_s: number, absent_s: number, unobserved_s: number,
  brief_returns: number, customers_max: number, peak: orNull(number), evidence_sources: list(text), confidence: number,
  rule: text, tags: list(text), related: list(text), config_sha256: text, model_sha256: text,
  clock: object({ synced: flag, offset_ms: number }), review: text,
  revision: orNull(object({ action: text, by: text, role: text, reason: text, at: text, retroactive: flag })),
  mitigated_at: orNull(text), wait_est_s: orNull(number), audit: orAbsent(text), prev: text, hash: text,
});

export const eventPageShape = object({
  v: one, events: list(eventShape), open_events: number, last_seq: number, next_before_seq: orNull(number),
});

export const eventRevisionsShape = object({ v: one, event_id: text, revisions: list(eventShape) });

export const boxesShape = object({
  v: one, camera: text, at: orNull(text), age_ms: orNull(number),
  detections: list(object({ x1: number, y1: number, x2: number, y2: number, score: number })),
});

export const healthShape = object({
  v: one,
  overall,
  components: list(object({ name: text, state: componentState, detail: text })),
  cameras: list(object({
    camera: text, state: cameraState, fps: number, last_frame_age_ms: orNull(number), analysed: number, dropped: number,
    infer_ms: orNull(number), off_duty: number,
  })),
  store: object({ seq: number, bytes: number, degraded: flag, lag: number }),
  uplink: object({
    mode: uplinkMode, acked: number, broker_has: number, backlog: number,
    certificates: list(object({ role: text, subject: text, not_after: text, expires_in_s: number })),
  }),
  clock: object({ synced: flag, offset_ms: number }),
  certificate: orAbsent(object({ ends: text, ends_soon: flag, sha256: text })),
});

export const historyShape = object({
  v: one, step_ms: number, samples: number, max_samples: number, to: orNull(text),
  windows: list(object({ window: text, runs: list(object({ state: orNull(windowState), samples: number })) })),
  queues: list(object({ queue: text, lengths: list(orNull(number)) })),
});

export const role = oneOf(['province', 'supervisor', 'resident_supervisor', 'hall_manager', 'chief_representative', 'installer', 'patrol', 'auditor']);
export const sessionMode = oneOf(['open', 'set_up_first', 'signed_out', 'password_due', 'signed_in']);

export const sessionShape = object({
  v: one, mode: sessionMode,
  account: orNull(object({ name: text, role, windows: orNull(list(text)), appoints: list(role) })),
  rights: list(text), csrf: orNull(text), ends_in_s: orNull(number),
});

const accountShape = object({
  name: text, role, windows: list(text), departments: list(text), disabled: flag, password_due: orNull(text), made: text,
});
export const accountsShape = object({ v: one, accounts: list(accountShape) });
export const accountChangedShape = object({ v: one, account: accountShape, first_password: orNull(text) });

export const auditPageShape = object({
  v: one,
  entries: list(object({
    seq: number, at: text, who: text, role: text, from: text, deed: text, object: text, why: text, tx: text, events_seq: number, hash: text,
  })),
  last_seq: number, next_before_seq: orNull(number),
});

export const errorShape = object({ code: text, message: text, request_id: text });

export type Role = (typeof role.values)[number];
export type Session = Infer<typeof sessionShape>;
export type Account = Infer<typeof accountShape>;
export type AuditPage = Infer<typeof auditPageShape>;
export type Names = Infer<typeof names>;
export type Hall = Infer<typeof hallShape>;
export type Snapshot = Infer<typeof snapshotShape>;
export type WindowNow = Infer<typeof windowShape>;
export type QueueNow = Infer<typeof queueShape>;
export type EventRecord = Infer<typeof eventShape>;
export type EventPage = Infer<typeof eventPageShape>;
export type EventRevisions = Infer<typeof eventRevisionsShape>;
export type Boxes = Infer<typeof boxesShape>;
export type Health = Infer<typeof healthShape>;
export type CameraHealth = Health['cameras'][number];
export type History = Infer<typeof historyShape>;
export type WindowState = (typeof windowState.values)[number];
export type Level = (typeof level.values)[number];
export type ZoneKind = (typeof zoneKind.values)[number];
