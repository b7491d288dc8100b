/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/submit.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "jobs/engine.h"
#include "jobs/jobs.h"
#include "jobs/plan.h"
#include "proof/oracle.h"
#include "store/approvals.h"
#include "store/snapshots.h"
#include "transient/drivers.h"

/* The named cluster, or the only one. */
static int find_cluster(const struct jobs_settings *s, const char *name,
                        const char *field,
                        const struct jobs_settings_cluster **out,
                        struct error *err)
{
    if (!text_given(name)) {
        if (s->clusters_count == 1) {
            *out = &s->clusters[0];
            return 0;
        }
        return error_set(err, ERR_INVALID,
                         "%s: say which; %zu clusters are configured", field,
                         s->clusters_count);
    }
    *out = jobs_settings_cluster(s, name);
    if (*out == NULL)
        return error_set(err, ERR_INVALID,
                         "%s: no cluster named \"%.64s\" is configured", field,
                         name);
    return 0;
}

int engine_submit(struct jobs *j, struct run_new *new,
                  const struct jobs_caller *who, struct jobs_submitted *out,
                  struct error *err)
{
    new->display_name = who->display_name;
    new->entity_id = who->entity_id;
    new->requester_key = who->requester_key;
    new->idempotency_key = who->idempotency_key;
    if (runs_create(j->world.store, new, &out->run, &out->existing, err) != 0)
        return -1;
    if (!out->existing)
        jobs_wake(j);
    return 0;
}

int jobs_submit_backup(struct jobs *j, const struct jobs_backup_request *r,
                       const struct jobs_caller *who,
                       struct jobs_submitted *out, struct error *err)
{
    assert(j != NULL && r != NULL && who != NULL && out != NULL);
    struct jobs_settings *s = engine_settings(j);
    const struct jobs_settings_cluster *cluster = NULL;
    struct run_new new = {.kind = RUN_BACKUP, .params = "{}"};
    int rc = -1;

    if (find_cluster(s, r->cluster, "cluster", &cluster, err) != 0)
        goto done;
    new.cluster = cluster->name;
    rc = engine_submit(j, &new, who, out, err);
done:
    jobs_settings_release(s);
    return rc;
}

/* What was asked for, before "latest" was resolved: a repeat is the same
 * request even when there is a newer snapshot by then. */
static int write_validation(const struct jobs_validation_request *r,
                            struct buf *out, struct error *err)
{
    struct jsonw w;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "snapshot",
               text_given(r->snapshot) ? r->snapshot : "latest");
    jsonw_text(&w, "cluster", r->cluster);
    jsonw_text(&w, "driver", r->driver);
    jsonw_text(&w, "oracle", r->oracle);
    jsonw_end_object(&w);
    return buf_check(out, "the request", err);
}

int jobs_submit_validation(struct jobs *j,
                           const struct jobs_validation_request *r,
                           const struct jobs_caller *who,
                           struct jobs_submitted *out, struct error *err)
{
    assert(j != NULL && r != NULL && who != NULL && out != NULL);
    struct jobs_settings *s = engine_settings(j);
    const struct jobs_settings_cluster *cluster = NULL;
    struct run_new new = {.kind = RUN_VALIDATION};
    struct snapshot_row row;
    struct buf params;
    int rc = -1;

    buf_init(&params, LIMIT_REQUEST_BODY);
    if (text_given(r->oracle) && !oracle_is_name(r->oracle)) {
        error_set(err, ERR_INVALID, "oracle: there is none named \"%.64s\"",
                  r->oracle);
        goto done;
    }
    if (text_given(r->driver) &&
        transient_drivers_check(r->driver, s->drivers, err) != 0) {
        error_prefix(err, "driver");
        goto done;
    }
    if (text_given(r->cluster) &&
        find_cluster(s, r->cluster, "cluster", &cluster, err) != 0)
        goto done;
    if (snapshots_get(
            j->world.store, text_given(r->snapshot) ? r->snapshot : "latest",
            text_given(r->cluster) ? r->cluster : NULL, &row, err) != 0 ||
        find_cluster(s, row.cluster, "snapshot", &cluster, err) != 0)
        goto done;
    if (write_validation(r, &params, err) != 0)
        goto done;
    new.cluster = row.cluster;
    new.params = buf_text(&params);
    new.snapshot_id = row.id;
    new.driver = text_given(r->driver) ? r->driver : s->driver;
    new.oracle = text_given(r->oracle) ? r->oracle : s->oracle;
    rc = engine_submit(j, &new, who, out, err);
done:
    buf_done(&params);
    jobs_settings_release(s);
    return rc;
}

static int write_restore(const struct jobs_restore_request *r, struct buf *out,
                         struct error *err)
{
    struct jsonw w;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "snapshot", r->snapshot);
    jsonw_text(&w, "target", r->target);
    jsonw_bool(&w, "dry_run", r->dry_run);
    jsonw_bool(&w, "force", r->force);
    jsonw_array(&w, "overrides");
    for (size_t i = 0; i < r->overrides_count; i++)
        jsonw_text(&w, NULL, r->overrides[i]);
    jsonw_end_array(&w);
    jsonw_text(&w, "reason", r->reason);
    jsonw_end_object(&w);
    return buf_check(out, "the request", err);
}

/* What goes where. */
struct restore {
    struct snapshot_row row;
    const struct jobs_settings_cluster *target;
};

/* The gate, by what the catalog says; before anything is sent the signature
 * behind the verdict is looked at too. */
static int check_gate(struct jobs *j, const struct restore *found,
                      const struct run_new *new, struct error *err)
{
    const struct snapshot_row *row = &found->row;
    char of[ID_TEXT_MAX];

    if (row->verdict == STORE_VALID || new->dry_run ||
        plan_overrides(new->overrides, "verdict"))
        return 0;
    if (approvals_way_back(j->world.store, row->id, found->target->name, of,
                           err) != 0)
        return -1;
    if (of[0] != '\0')
        return 0;
    return error_set(err, ERR_PRECONDITION,
                     "snapshot %s is %s, and only a valid one is restored: "
                     "validate it first, or say \"overrides\": [\"verdict\"] "
                     "and a \"reason\"",
                     row->id, store_verdict_name(row->verdict));
}

static int find_restore(struct jobs *j, const struct jobs_settings *s,
                        const struct jobs_restore_request *r,
                        struct restore *out, struct error *err)
{
    const char *within = NULL;

    if (!text_given(r->snapshot))
        return error_set(err, ERR_INVALID,
                         "snapshot: say which: an id, \"latest\" or "
                         "\"latest-valid\"");
    if (r->overrides_count > 0 && !text_given(r->reason))
        return error_set(err, ERR_INVALID,
                         "reason: an override needs one; it is kept with the "
                         "run");
    if (text_given(r->target) &&
        find_cluster(s, r->target, "target", &out->target, err) != 0)
        return -1;
    /* "latest" must mean the latest of one cluster. */
    if (text_starts(r->snapshot, "latest")) {
        if (find_cluster(s, r->target, "target", &out->target, err) != 0)
            return -1;
        within = out->target->name;
    }
    if (snapshots_get(j->world.store, r->snapshot, within, &out->row, err) != 0)
        return -1;
    if (out->target == NULL)
        return find_cluster(s, out->row.cluster, "target", &out->target, err);
    return 0;
}

int jobs_submit_restore(struct jobs *j, const struct jobs_restore_request *r,
                        const struct jobs_caller *who,
                        struct jobs_submitted *out, struct error *err)
{
    assert(j != NULL && r != NULL && who != NULL && out != NULL);
    struct jobs_settings *s = engine_settings(j);
    struct restore found = {.target = NULL};
    struct run_new new = {.kind = RUN_RESTORE,
                          .dry_run = r->dry_run,
                          .force = r->force,
                          .approvals_needed = r->dry_run ? 0 : s->approvals,
                          .reason = r->reason};
    struct buf overrides;
    struct buf params;
    int rc = -1;

    buf_init(&overrides, RUN_OVERRIDES_MAX);
    buf_init(&params, LIMIT_REQUEST_BODY);
    if (plan_join_overrides(r->overrides, r->overrides_count, &overrides,
                            err) != 0)
        goto done;
    new.overrides = buf_text(&overrides);
    if (find_restore(j, s, r, &found, err) != 0 ||
        check_gate(j, &found, &new, err) != 0 ||
        write_restore(r, &params, err) != 0)
        goto done;
    new.cluster = found.target->name;
    new.target = found.target->name;
    new.params = buf_text(&params);
    new.snapshot_id = found.row.id;
    rc = engine_submit(j, &new, who, out, err);
done:
    buf_done(&overrides);
    buf_done(&params);
    jobs_settings_release(s);
    return rc;
}
