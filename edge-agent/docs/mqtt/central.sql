-- Tables of `edge-agent central --postgres` (PostgreSQL 13 or later). Every statement may be repeated.

-- One row per revision of an event, written once: `id` is the CloudEvents id. `data` is the record; its `hash` and `prev` chain it.
CREATE TABLE IF NOT EXISTS hall_event (
  id           text PRIMARY KEY,
  source       text NOT NULL,
  seq          bigint NOT NULL,
  event_id     text NOT NULL,
  rev          bigint NOT NULL,
  subject_kind text NOT NULL,
  subject      text NOT NULL,
  code         text NOT NULL,
  level        text NOT NULL,
  state        text NOT NULL,
  phase        text NOT NULL,
  review       text NOT NULL,
  onset        timestamptz NOT NULL,
  updated      timestamptz NOT NULL,
  late         boolean NOT NULL,
  received     timestamptz NOT NULL,
  hash         text NOT NULL,
  data         jsonb NOT NULL
);
-- Not unique: a box that lost its log begins at 1 again.
CREATE INDEX IF NOT EXISTS hall_event_seq ON hall_event (source, seq);
CREATE INDEX IF NOT EXISTS hall_event_onset ON hall_event (onset);
CREATE INDEX IF NOT EXISTS hall_event_event ON hall_event (event_id, rev);

-- Numbers that a box announced as gone.
CREATE TABLE IF NOT EXISTS hall_gap (
  id       text PRIMARY KEY,
  source   text NOT NULL,
  seq_from bigint NOT NULL,
  seq_to   bigint NOT NULL,
  data     jsonb NOT NULL
);

-- Newest payload of every other topic: status, meta, states, live summary, replies.
CREATE TABLE IF NOT EXISTS hall_state (
  topic    text PRIMARY KEY,
  source   text NOT NULL,
  received timestamptz NOT NULL,
  data     jsonb NOT NULL
);

-- Figures of a period; a higher rev replaces a lower one.
CREATE TABLE IF NOT EXISTS hall_rollup (
  id     text NOT NULL,
  part   bigint NOT NULL,
  rev    bigint NOT NULL,
  source text NOT NULL,
  period text NOT NULL,
  data   jsonb NOT NULL,
  PRIMARY KEY (id, part)
);

-- The newest revision of every event.
CREATE OR REPLACE VIEW hall_event_now AS
  SELECT DISTINCT ON (source, event_id) * FROM hall_event ORDER BY source, event_id, rev DESC;
