/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/after_unseal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "jobs/archive.h"
#include "jobs/engine.h"
#include "jobs/holders.h"
#include "transient/keys.h"
#include "vault/sys.h"

/* A node that refused the shares is not asked in every round: somebody may be
 * unsealing it by hand. */
enum { TRY_EVERY_MS = 5000 };

/* Whose keys, and how many: the archive says so in the clear.  NULL when it
 * is not sealed by shares, or cannot be read now: then people are told, and
 * go to the nodes themselves. */
static struct holders *learn(const struct after *a)
{
    struct archive archive = {.world = a->job->world, .row = a->target->row};
    struct holders *h = NULL;
    struct source source;
    struct error why = {0};

    if (archive_open(&archive, &source, &why) != 0)
        goto done;
    if (holders_new(&source, &a->job->cancel, &h, &why) != 0)
        h = NULL;
    archive_close(&archive, &source);
done:
    if (why.kind != ERR_NONE)
        log_warn("restore %s: no key shares can be taken: %s", a->job->run.id,
                 why.text);
    return h;
}

static void open_door(struct after *a, struct holders *h,
                      struct jobs_unseal_nodes *nodes)
{
    struct job *job = a->job;

    if (h != NULL)
        holders_set_deadline(h,
                             clock_now_ms() + job->settings->await_unseal_ms);
    pthread_mutex_lock(&job->jobs->lock);
    job->holders = h;
    job->nodes = nodes;
    pthread_mutex_unlock(&job->jobs->lock);
}

int after_unseal_open(struct after *a, struct error *err)
{
    struct job *job = a->job;
    struct jobs_unseal_nodes *nodes;
    struct jobs_unseal_view view;
    struct holders *h;

    if (job->nodes != NULL)
        return 0;
    if (job_phase(job, "awaiting_unseal", err) != 0)
        return -1;
    nodes = calloc(1, sizeof(*nodes));
    if (nodes == NULL)
        return error_memory(err);
    h = learn(a);
    if (h != NULL) {
        holders_view(h, &view);
        job_progress(job, 0, view.threshold, "shares");
    }
    open_door(a, h, nodes);
    after_unseal_step(a);
    /* Whoever sees the status finds the door open. */
    if (job_status(job, RUN_AWAITING_UNSEAL, err) != 0)
        return -1;
    log_warn("restore %s of %s waits: %zu of %zu nodes of %s are sealed",
             job->run.id, job->run.cluster, a->sealed, a->count,
             job->run.target);
    return 0;
}

/* What to do at this node; *ours: it can be given the shares. */
static void advise(const struct after_node *n,
                   const struct jobs_unseal_view *want, bool *ours, char *out,
                   size_t size)
{
    const struct vault_status *st = &n->status;

    *ours = false;
    if (!st->reachable)
        (void)snprintf(out, size, "start it: it %s", n->text);
    else if (!st->initialized || !st->sealed)
        (void)text_copy(out, size, n->text);
    else if (strcmp(st->seal_type, "shamir") != 0)
        (void)snprintf(out, size,
                       "its %s seal unseals it by itself; if it stays sealed, "
                       "that seal is not the one of the snapshot's cluster: "
                       "look at its log",
                       st->seal_type);
    else if (want->threshold == 0)
        (void)text_copy(out, size,
                        "unseal it as the snapshot's cluster is unsealed: "
                        "that is not by shares");
    else if (st->threshold != want->threshold || st->shares != want->shares)
        (void)snprintf(out, size,
                       "restart its process: it still expects %u of %u "
                       "shares, and the snapshot is sealed by %u of %u",
                       st->threshold, st->shares, want->threshold,
                       want->shares);
    else {
        *ours = true;
        (void)snprintf(out, size,
                       "it takes %u of the %u key shares of the snapshot's "
                       "cluster: hand them in here, or at the node itself",
                       want->threshold, want->shares);
    }
}

/* Until it says that it is open. */
static void give(struct after *a, struct after_node *n, const struct keys *keys)
{
    struct vault_seal seal = {.sealed = true};
    struct vault *v = NULL;
    struct error err = {0};
    int64_t now = clock_mono_ms();
    int rc;

    if (now < n->try_at)
        return;
    n->try_at = now + TRY_EVERY_MS;
    n->refused[0] = '\0';
    rc = vault_at(a->leader, n->address, &v, &err);
    for (size_t i = 0; rc == 0 && seal.sealed && i < keys_count(keys); i++)
        rc = vault_unseal(v, keys_at(keys, i), &seal, &err);
    if (rc != 0)
        (void)snprintf(n->refused, sizeof(n->refused),
                       "it refused the key shares: %.200s", err.text);
    else
        log_info("restore %s: node %s was given the key shares", a->job->run.id,
                 n->id[0] != '\0' ? n->id : n->address);
    vault_free(v);
}

static void describe(const struct after_node *n, struct jobs_unseal_node *out)
{
    memcpy(out->id, n->id, sizeof(out->id));
    memcpy(out->address, n->address, sizeof(out->address));
    out->answers = n->status.reachable;
    out->sealed = n->status.sealed;
    out->threshold = n->status.threshold;
    out->shares = n->status.shares;
    out->progress = n->status.progress;
}

void after_unseal_step(struct after *a)
{
    struct job *job = a->job;
    struct jobs *j = job->jobs;
    struct jobs_unseal_view want = {0};
    const struct keys *keys = NULL;

    pthread_mutex_lock(&j->lock);
    if (job->holders != NULL) {
        holders_view(job->holders, &want);
        keys = holders_keys(job->holders);
    }
    pthread_mutex_unlock(&j->lock);
    for (size_t i = 0; i < a->count; i++) {
        struct jobs_unseal_node told = {.sealed = false};
        bool ours;

        describe(&a->node[i], &told);
        advise(&a->node[i], &want, &ours, told.advice, sizeof(told.advice));
        if (ours && keys != NULL)
            give(a, &a->node[i], keys);
        if (ours && a->node[i].refused[0] != '\0')
            (void)text_copy(told.advice, sizeof(told.advice),
                            a->node[i].refused);
        pthread_mutex_lock(&j->lock);
        job->nodes->node[i] = told;
        job->nodes->count = a->count;
        pthread_mutex_unlock(&j->lock);
    }
}

void after_unseal_close(struct after *a)
{
    struct job *job = a->job;

    pthread_mutex_lock(&job->jobs->lock);
    struct holders *h = job->holders;
    struct jobs_unseal_nodes *nodes = job->nodes;
    job->holders = NULL;
    job->nodes = NULL;
    pthread_mutex_unlock(&job->jobs->lock);
    holders_free(h);
    free(nodes);
}
