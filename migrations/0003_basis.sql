-- SPDX-License-Identifier: Apache-2.0
--
-- What a validation's verdict was based on, as it was when it was reached:
-- a JSON object (jobs/basis.h).  Kept with the run, so that its report still
-- says what was tested when the snapshot is gone or the settings have
-- changed.  NULL for runs that ended before there was such a thing.
ALTER TABLE runs ADD COLUMN basis TEXT;
