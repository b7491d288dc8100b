/* SPDX-License-Identifier: Apache-2.0 */
#include "store/validations.h"

#include <assert.h>

#include "base/clock.h"
#include "store/handle.h"
#include "store/parts.h"

/* The snapshot may have been forgotten meanwhile (a rebuilt catalog): the
 * run's own answer stands without it. */
static int judge(struct db *db, const struct validation_conclusion *c,
                 const char *snapshot_id, struct error *err)
{
    struct snapshot_judgement j = {
        .id = snapshot_id,
        .verdict = c->verdict,
        .at_ms = c->at_ms != 0 ? c->at_ms : clock_now_ms(),
        .validation_id = c->run_id,
    };
    struct error missing = {0};

    if (snapshots_judge(db, &j, &missing) == 0 || missing.kind == ERR_NOT_FOUND)
        return 0;
    return error_set(err, missing.kind, "%s", missing.text);
}

static int conclude(struct db *db, const struct validation_conclusion *c,
                    struct error *err)
{
    struct run run = {0};
    int rc = -1;

    if (run_row_get(db, c->run_id, &run, err) != 0)
        return -1;
    if (run.kind != RUN_VALIDATION)
        error_set(err, ERR_INVALID, "run %s is not a validation", run.id);
    else if (checks_put(db, c->run_id, c->checks, c->checks_count, err) == 0 &&
             run_row_set_result(db, c->run_id, c->verdict, c->restore_ms,
                                err) == 0 &&
             run_row_set_basis(db, c->run_id, c->basis, err) == 0 &&
             judge(db, c, run.snapshot_id, err) == 0 &&
             run_row_finish(db, c->run_id, RUN_SUCCEEDED, NULL, err) == 0)
        rc = 0;
    run_done(&run);
    return rc;
}

int validations_conclude(struct store *s, const struct validation_conclusion *c,
                         struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(c != NULL && c->run_id != NULL && c->verdict != STORE_UNVALIDATED);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = conclude(db, c, err);
    return store_write_end(s, rc, true, err);
}
