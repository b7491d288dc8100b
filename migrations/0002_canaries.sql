-- SPDX-License-Identifier: Apache-2.0
--
-- Snapshots that were taken with canaries, and what was wrong with them.

CREATE TABLE snapshot_canaries (
    snapshot_id TEXT NOT NULL PRIMARY KEY
        REFERENCES snapshots (id) ON DELETE CASCADE,
    problem     TEXT NOT NULL -- '': nothing
) STRICT, WITHOUT ROWID;
