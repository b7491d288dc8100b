-- SPDX-License-Identifier: Apache-2.0
--
-- The audit record.  `entry` is what counts: a line of JSON that holds the
-- hash of the one before (store/audit_line.h).  The other columns repeat
-- parts of it, for lists.

CREATE TABLE audit (
    seq       INTEGER NOT NULL PRIMARY KEY,
    chain     TEXT    NOT NULL,
    hash      TEXT    NOT NULL,
    at_ms     INTEGER NOT NULL,
    type      TEXT    NOT NULL,
    path      TEXT    NOT NULL,
    entity_id TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    entry     TEXT    NOT NULL
) STRICT;

-- Each has the seq behind it, being that of the row.
CREATE INDEX audit_by_time ON audit (at_ms);
CREATE INDEX audit_by_type ON audit (type);
CREATE INDEX audit_by_entity ON audit (entity_id) WHERE entity_id <> '';
CREATE INDEX audit_by_subject ON audit (subject) WHERE subject <> '';
