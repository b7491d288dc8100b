/* SPDX-License-Identifier: Apache-2.0
 *
 * Key holders are asked before there is a transient cluster: nothing that
 * holds production secrets idles while people look for their keys. */
#include "jobs/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "jobs/engine.h"
#include "jobs/holders.h"
#include "transient/keys.h"

enum { COMMAND_MS = 60 * 1000 };

/* Files */

static int read_files(const struct jobs_settings_cluster *cluster,
                      struct keys *keys, struct error *why)
{
    for (size_t i = 0; i < cluster->key_files_count; i++)
        if (keys_add_file(keys, cluster->key_files[i], why) != 0)
            return -1;
    return 0;
}

/* Command */

static int read_command(const struct jobs_settings_cluster *cluster,
                        const struct cancel *cancel, struct keys *keys,
                        struct error *why)
{
    const struct command command = {.argv =
                                        (const char *const *)cluster->command,
                                    .timeout_ms = COMMAND_MS,
                                    .cancel = cancel};
    char *what =
        text_format("the output of the unseal.command %s", cluster->command[0]);
    struct buf out;
    int rc = -1;

    buf_init_secret(&out, LIMIT_SECRET_FILE);
    if (what == NULL)
        error_memory(why);
    else if (command_run(&command, &out, why) != 0)
        error_prefix(why, "the unseal.command gave no key shares (run it by "
                          "hand as Assay's user to see why)");
    else
        rc = keys_add_text(keys, &out, what, why);
    buf_done(&out);
    free(what);
    return rc;
}

int shares_read(const struct jobs_settings_cluster *cluster,
                const struct cancel *cancel, struct keys **out,
                struct error *why, struct error *err)
{
    struct keys *keys = keys_new();
    int rc;

    if (keys == NULL)
        return error_memory(err);
    rc = cluster->command_count > 0 ? read_command(cluster, cancel, keys, why)
                                    : read_files(cluster, keys, why);
    if (rc != 0) {
        keys_free(keys);
        keys = NULL;
        if (cancelled(cancel))
            return error_set(err, ERR_CANCELLED, "the run was cancelled");
    }
    *out = keys;
    return 0;
}

/* Holders */

bool shares_need_holders(const struct job *job,
                         const struct jobs_settings_cluster *cluster)
{
    return cluster->key_files_count == 0 && cluster->command_count == 0 &&
           job->settings->validation_await_ms > 0;
}

static int learn(struct job *job, struct archive *archive, struct holders **out,
                 struct error *err)
{
    struct source source;
    int rc = -1;

    if (archive_open(archive, &source, err) != 0)
        return -1;
    rc = holders_new(&source, &job->cancel, out, err);
    archive_close(archive, &source);
    return rc;
}

static void open_door(struct job *job, struct holders *h)
{
    int64_t ms = job->settings->validation_await_ms;

    holders_set_deadline(h, clock_now_ms() + ms);
    pthread_mutex_lock(&job->jobs->lock);
    job->wait_until = clock_mono_ms() + ms;
    job->holders = h;
    pthread_mutex_unlock(&job->jobs->lock);
}

/* Whoever sees the status finds the door open and everything else in place:
 * the first share's progress must not be overwritten by ours. */
static int begin(struct job *job, struct holders *h, struct error *err)
{
    struct jobs_unseal_view view;

    holders_view(h, &view);
    if (job_phase(job, "await_unseal", err) != 0) {
        holders_free(h);
        return -1;
    }
    job_progress(job, 0, view.threshold, "shares");
    open_door(job, h);
    if (job_status(job, RUN_AWAITING_UNSEAL, err) != 0)
        return -1;
    log_info("%s %s of %s waits for %u of %u key shares",
             run_kind_name(job->run.kind), job->run.id, job->run.cluster,
             view.threshold, view.shares);
    return 0;
}

int shares_ask(struct job *job, struct archive *archive, struct error *err)
{
    struct holders *h = NULL;
    struct error why = {0};

    if (learn(job, archive, &h, &why) != 0) {
        /* The checks read it again, and say what is wrong with it. */
        if (why.kind == ERR_CORRUPT || why.kind == ERR_NOT_FOUND)
            return 0;
        *err = why;
        return -1;
    }
    if (h == NULL)
        return 0;
    return begin(job, h, err) == 0 ? JOB_WAITS : -1;
}

static int say_too_few(const struct job *job, const struct holders *h,
                       struct error *why)
{
    struct jobs_unseal_view view;
    char waited[32];

    holders_view(h, &view);
    text_human_duration(job->settings->validation_await_ms, waited,
                        sizeof(waited));
    return error_set(why, ERR_PRECONDITION,
                     "%u of the %u key shares that are needed were submitted "
                     "within %s: ask again and have the key holders "
                     "ready, or raise validation.await_unseal",
                     view.progress, view.threshold, waited);
}

int shares_take(struct job *job, struct keys **out, struct error *why,
                struct error *err)
{
    struct keys *keys = NULL;
    struct holders *h;
    int rc = -1;

    pthread_mutex_lock(&job->jobs->lock);
    h = job->holders;
    job->holders = NULL;
    pthread_mutex_unlock(&job->jobs->lock);
    if (job_check(job, err) != 0)
        goto done;
    keys = holders_take(h);
    if (keys == NULL)
        (void)say_too_few(job, h, why);
    *out = keys;
    rc = 0;
done:
    holders_free(h);
    return rc;
}
