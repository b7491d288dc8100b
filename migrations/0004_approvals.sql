-- SPDX-License-Identifier: Apache-2.0
--
-- Who agreed to a restore, and to what exactly.
--
-- `overrides` names the findings that a request overrides, with commas; "*"
-- is what `override` was before: whatever came up.
ALTER TABLE runs ADD COLUMN overrides TEXT NOT NULL DEFAULT '';
UPDATE runs SET overrides = '*' WHERE override = 1;
ALTER TABLE runs DROP COLUMN override;
ALTER TABLE runs ADD COLUMN approvals_needed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN expires_ms INTEGER NOT NULL DEFAULT 0;
-- What the plan is about: its revision grows when its fingerprint changes.
ALTER TABLE runs ADD COLUMN plan_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN plan_fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN plan_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN plan_cluster_id TEXT NOT NULL DEFAULT '';

CREATE TABLE approvals (
    run_id         TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    plan_revision  INTEGER NOT NULL,
    entity_id      TEXT    NOT NULL,
    display_name   TEXT    NOT NULL,
    at_ms          INTEGER NOT NULL,
    archive_sha256 TEXT    NOT NULL,
    cluster_id     TEXT    NOT NULL,
    PRIMARY KEY (run_id, plan_revision, entity_id)
) STRICT, WITHOUT ROWID;
