-- SPDX-License-Identifier: Apache-2.0
--
-- The catalog: runs with their phases and checks, snapshots with their
-- copies and prefix counts.  Times are Unix milliseconds, 0 when unset; ids
-- are UUIDv7 text, which sorts by time.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id                 TEXT    NOT NULL PRIMARY KEY,
    kind               TEXT    NOT NULL
        CHECK (kind IN ('backup', 'validation', 'restore')),
    status             TEXT    NOT NULL,
    phase              TEXT    NOT NULL DEFAULT '',
    progress_done      INTEGER NOT NULL DEFAULT 0,
    progress_total     INTEGER NOT NULL DEFAULT 0,
    progress_unit      TEXT    NOT NULL DEFAULT '',
    cluster            TEXT    NOT NULL,
    created_ms         INTEGER NOT NULL,
    started_ms         INTEGER NOT NULL DEFAULT 0,
    finished_ms        INTEGER NOT NULL DEFAULT 0,
    requester          TEXT    NOT NULL, -- who, for "the same caller"
    display_name       TEXT    NOT NULL,
    entity_id          TEXT    NOT NULL,
    requester_key      TEXT    NOT NULL, -- keyed hash of the token
    params             TEXT    NOT NULL,
    payload_sha256     TEXT    NOT NULL, -- for "the same request"
    error              TEXT    NOT NULL DEFAULT '',
    snapshot_id        TEXT    NOT NULL DEFAULT '',
    cancel_requested   INTEGER NOT NULL DEFAULT 0,
    leftovers          TEXT,
    revision           INTEGER NOT NULL DEFAULT 1,
    driver             TEXT    NOT NULL DEFAULT '',
    oracle             TEXT    NOT NULL DEFAULT '',
    verdict            TEXT    NOT NULL DEFAULT 'unvalidated'
        CHECK (verdict IN ('unvalidated', 'valid', 'invalid',
                           'inconclusive')),
    restore_ms         INTEGER NOT NULL DEFAULT -1,
    target             TEXT    NOT NULL DEFAULT '',
    dry_run            INTEGER NOT NULL DEFAULT 0,
    force              INTEGER NOT NULL DEFAULT 0,
    override           INTEGER NOT NULL DEFAULT 0,
    reason             TEXT    NOT NULL DEFAULT '',
    plan               TEXT,
    safety_snapshot_id TEXT    NOT NULL DEFAULT ''
) STRICT;

-- A run is over when it has finished_ms.  One per kind and cluster at a time.
CREATE UNIQUE INDEX runs_unfinished ON runs (kind, cluster)
    WHERE finished_ms = 0;
CREATE INDEX runs_with_leftovers ON runs (id) WHERE leftovers IS NOT NULL;
CREATE INDEX runs_by_kind ON runs (kind, id);
CREATE INDEX runs_by_kind_status ON runs (kind, status, id);
CREATE INDEX runs_by_kind_cluster ON runs (kind, cluster, id);

CREATE TABLE idempotency_keys (
    requester      TEXT    NOT NULL,
    key            TEXT    NOT NULL,
    payload_sha256 TEXT    NOT NULL,
    run_id         TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    created_ms     INTEGER NOT NULL,
    PRIMARY KEY (requester, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_ms);
CREATE INDEX idempotency_keys_by_run ON idempotency_keys (run_id);

CREATE TABLE run_phases (
    run_id          TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    started_ms      INTEGER NOT NULL,
    started_mono_ms INTEGER NOT NULL, -- for the duration, in one process
    duration_ms     INTEGER,          -- NULL: under way, or cut off
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE checks (
    run_id         TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq            INTEGER NOT NULL,
    name           TEXT    NOT NULL,
    outcome        TEXT    NOT NULL
        CHECK (outcome IN ('pass', 'fail', 'drift', 'not_run')),
    covered        INTEGER NOT NULL,
    total          INTEGER NOT NULL,
    message        TEXT    NOT NULL,
    findings_total INTEGER NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE check_findings (
    run_id    TEXT    NOT NULL,
    check_seq INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    path      TEXT    NOT NULL,
    expected  TEXT    NOT NULL,
    found     TEXT    NOT NULL,
    PRIMARY KEY (run_id, check_seq, seq),
    FOREIGN KEY (run_id, check_seq) REFERENCES checks (run_id, seq)
        ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- `id` must not be the rowid: SQLite 3.40 would then use only the first
-- column of (created_ms, id) < (?, ?), and many equal times would make a deep
-- page slow.
CREATE TABLE snapshots (
    id             TEXT    NOT NULL PRIMARY KEY,
    cluster        TEXT    NOT NULL,
    cluster_id     TEXT    NOT NULL,
    cluster_name   TEXT    NOT NULL,
    product        TEXT    NOT NULL,
    server_version TEXT    NOT NULL,
    created_ms     INTEGER NOT NULL,
    size_bytes     INTEGER NOT NULL,
    sha256         TEXT    NOT NULL,
    raft_index     INTEGER NOT NULL,
    raft_term      INTEGER NOT NULL,
    entries        INTEGER NOT NULL,
    state_bytes    INTEGER NOT NULL,
    verdict        TEXT    NOT NULL DEFAULT 'unvalidated'
        CHECK (verdict IN ('unvalidated', 'valid', 'invalid',
                           'inconclusive')),
    validated_ms   INTEGER NOT NULL DEFAULT 0,
    validation_id  TEXT    NOT NULL DEFAULT '',
    pinned         INTEGER NOT NULL DEFAULT 0,
    run_id         TEXT    NOT NULL DEFAULT '',
    deleting       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- An index per combination of filters, each in the order of the list.
CREATE INDEX snapshots_by_time ON snapshots (created_ms, id)
    WHERE deleting = 0;
CREATE INDEX snapshots_by_cluster ON snapshots (cluster, created_ms, id)
    WHERE deleting = 0;
CREATE INDEX snapshots_by_verdict ON snapshots (verdict, created_ms, id)
    WHERE deleting = 0;
CREATE INDEX snapshots_by_cluster_verdict
    ON snapshots (cluster, verdict, created_ms, id) WHERE deleting = 0;
CREATE INDEX snapshots_deleting ON snapshots (id) WHERE deleting = 1;

CREATE TABLE snapshot_copies (
    snapshot_id TEXT    NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    storage     TEXT    NOT NULL,
    location    TEXT    NOT NULL,
    verified_ms INTEGER NOT NULL,
    PRIMARY KEY (snapshot_id, storage)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot_prefixes (
    snapshot_id TEXT    NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    prefix      TEXT    NOT NULL,
    entries     INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    PRIMARY KEY (snapshot_id, prefix)
) STRICT, WITHOUT ROWID;
