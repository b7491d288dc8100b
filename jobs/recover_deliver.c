/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the secret goes.  Of all this, the record, the log and the catalog
 * learn its name and its versions. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "jobs/claims.h"
#include "jobs/credential.h"
#include "jobs/engine.h"
#include "jobs/recorded.h"
#include "jobs/recover.h"
#include "vault/wrap.h"

static int record_sending(const struct recovery *r, struct error *err)
{
    char message[512];

    (void)snprintf(
        message, sizeof(message), "%.200s of snapshot %s, sha256 %s, to %s",
        r->name, r->v.row.id, r->v.row.sha256,
        r->want.wrap ? "whoever asked, wrapped" : r->v.cluster->name);
    return recorded_sending(r->v.job, message, err);
}

static int put_outcome(const struct recovery *r, int64_t expires_ms,
                       struct error *err)
{
    struct buf text;
    struct jsonw w;
    int rc;

    buf_init(&text, LIMIT_REQUEST_BODY);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "read", r->name);
    if (r->secret.version > 0)
        jsonw_u64(&w, "read_version", r->secret.version);
    else
        jsonw_null(&w, "read_version");
    jsonw_text(&w, "read_created_at",
               r->secret.created[0] != '\0' ? r->secret.created : NULL);
    jsonw_text(&w, "written", r->want.wrap ? NULL : r->primary.path);
    if (!r->want.wrap && r->now.version > 0)
        jsonw_u64(&w, "written_version", r->now.version);
    else
        jsonw_null(&w, "written_version");
    jsonw_time(&w, "wrap_expires_at", expires_ms);
    jsonw_end_object(&w);
    rc = buf_check(&text, "the outcome", err);
    if (rc == 0)
        rc = runs_set_outcome(r->v.job->world->store, r->v.job->run.id,
                              buf_text(&text), err);
    buf_done(&text);
    return rc;
}

/* What happened has happened. */
static int store_outcome(const struct recovery *r, int64_t expires_ms,
                         struct error *err)
{
    if (put_outcome(r, expires_ms, err) == 0)
        return 0;
    return error_prefix(err, "%.200s; but that cannot be stored",
                        r->v.job->summary);
}

int recover_room(const struct recovery *r, struct error *err)
{
    struct jobs *j = r->v.job->jobs;

    if (!r->want.wrap)
        return 0;
    pthread_mutex_lock(&j->lock);
    claims_expire(&j->claims, clock_mono_ms());
    int rc = claims_room(j->claims, err);
    pthread_mutex_unlock(&j->lock);
    return rc;
}

static int wrap(struct recovery *r, struct vault *sender, struct error *err)
{
    struct job *job = r->v.job;
    struct jobs *j = job->jobs;
    char *token = NULL;

    if (vault_wrap(sender, buf_text(&r->secret.value), r->want.wrap_ttl_ms,
                   &token, err) != 0)
        return error_prefix(err, "it cannot be wrapped");
    pthread_mutex_lock(&j->lock);
    int rc = claims_put(&j->claims, job->run.id, token,
                        clock_mono_ms() + r->want.wrap_ttl_ms, err);
    pthread_mutex_unlock(&j->lock);
    if (rc != 0)
        return -1;
    (void)snprintf(job->summary, sizeof(job->summary),
                   "%.200s is wrapped, and waits to be claimed", r->name);
    return store_outcome(r, clock_now_ms() + r->want.wrap_ttl_ms, err);
}

/* What nobody could look at when the plan was made.  Without versions there
 * is no check-and-set: so it is looked at once more in any case. */
static int look_again(struct recovery *r, struct vault *sender,
                      struct error *err)
{
    if (!r->looked && vault_kv_locate(sender, recover_want_mount(&r->want),
                                      r->want.path, &r->primary, err) != 0)
        return -1;
    if (r->looked && r->primary.version == 2)
        return 0;
    if (vault_kv_look(sender, &r->primary, &r->now, err) != 0)
        return error_prefix(err, "what is there now cannot be seen");
    if (r->primary.version == 1 && r->now.exists && !r->want.overwrite)
        return error_set(err, ERR_CONFLICT,
                         "%.200s exists, its store keeps no versions, and the "
                         "request does not say overwrite",
                         r->primary.path);
    return 0;
}

/* After a request without an answer nobody knows; nor when the server, or
 * what stands in front of it, failed in the middle. */
static bool may_be_written(const struct error *err)
{
    if (err->status != 0)
        return err->status >= 500;
    return err->kind != ERR_CONFLICT && err->kind != ERR_DENIED &&
           err->kind != ERR_TOO_LARGE;
}

static int explain_write(const struct recovery *r, struct error *err)
{
    if (may_be_written(err))
        return error_prefix(err,
                            "it is not known whether %.200s was written: read "
                            "it",
                            r->primary.path);
    return error_prefix(err, "nothing was written");
}

static int write_there(struct recovery *r, struct vault *sender,
                       struct error *err)
{
    struct job *job = r->v.job;

    if (vault_kv_write(sender, &r->primary, &r->now, &r->secret.value, err) !=
        0)
        return explain_write(r, err);
    if (r->now.version > 0)
        (void)snprintf(job->summary, sizeof(job->summary),
                       "%.200s is version %" PRIu64 " now", r->primary.path,
                       r->now.version);
    else
        (void)snprintf(job->summary, sizeof(job->summary), "%.200s is written",
                       r->primary.path);
    return store_outcome(r, 0, err);
}

/* Another cluster may answer there than the one that was agreed to. */
static int check_identity(const struct recovery *r, struct error *err)
{
    if (strcmp(r->status.cluster_id, r->plan.cluster_id) == 0)
        return 0;
    return error_set(
        err, ERR_PRECONDITION, "%s is cluster %s now, and the plan is about %s",
        r->v.cluster->name, r->status.cluster_id, r->plan.cluster_id);
}

static int get_ready(struct recovery *r, struct vault **sender,
                     struct error *err)
{
    struct job *job = r->v.job;

    if (job_phase(job, "deliver", err) != 0 || recover_room(r, err) != 0 ||
        credential_take(job, r->v.cluster->restore_vault, &r->handed, err) !=
            0 ||
        recover_sender(r, sender, err) != 0 || check_identity(r, err) != 0)
        return -1;
    if (!r->want.wrap && look_again(r, *sender, err) != 0)
        return -1;
    return job_commit(job, err);
}

int recover_deliver(struct recovery *r, struct error *err)
{
    struct vault *sender = NULL;
    int rc = -1;

    if (get_ready(r, &sender, err) != 0 || record_sending(r, err) != 0) {
        if (err->kind != ERR_CANCELLED)
            error_prefix(err, "nothing was %s",
                         r->want.wrap ? "wrapped" : "written");
        goto done;
    }
    rc = r->want.wrap ? wrap(r, sender, err) : write_there(r, sender, err);
done:
    vault_free(sender);
    return rc;
}
