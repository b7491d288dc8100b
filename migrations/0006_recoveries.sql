-- SPDX-License-Identifier: Apache-2.0
--
-- A fourth kind of run: one secret brought back from a snapshot.  A CHECK
-- cannot be changed in place, so the column is made anew.
ALTER TABLE runs RENAME COLUMN kind TO kind_before;
ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'backup'
    CHECK (kind IN ('backup', 'validation', 'restore', 'recovery'));
UPDATE runs SET kind = kind_before;

DROP INDEX runs_unfinished;
DROP INDEX runs_by_kind;
DROP INDEX runs_by_kind_status;
DROP INDEX runs_by_kind_cluster;
ALTER TABLE runs DROP COLUMN kind_before;
CREATE UNIQUE INDEX runs_unfinished ON runs (kind, cluster)
    WHERE finished_ms = 0;
CREATE INDEX runs_by_kind ON runs (kind, id);
CREATE INDEX runs_by_kind_status ON runs (kind, status, id);
CREATE INDEX runs_by_kind_cluster ON runs (kind, cluster, id);
