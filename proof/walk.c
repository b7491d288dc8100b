/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/walk.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "proof/walk_internal.h"
#include "vault/status.h"

enum { PROGRESS_EVERY = 256 };

/* The leader itself, for a standby may be behind; and what it says it is. */
static int find_leader(struct vault *v, struct vault **leader,
                       struct vault_status *status, struct error *err)
{
    *leader = NULL;
    if (vault_status_get(v, status, err) != 0)
        return -1;
    if (status->sealed)
        return error_set(err, ERR_UNAVAILABLE, "%s is sealed",
                         vault_address(v));
    return status->is_self ? 0 : vault_leader(v, leader, status, err);
}

static void write_head(struct walk *w, const struct vault_status *s)
{
    struct inventory_head *h = &w->result->head;

    (void)text_copy(h->key_id, sizeof h->key_id, w->o->key->id);
    (void)text_copy(h->cluster_id, sizeof h->cluster_id, s->cluster_id);
    (void)text_copy(h->product, sizeof h->product,
                    vault_product_name(s->product));
    (void)text_copy(h->server_version, sizeof h->server_version, s->version);
    h->started_ms = clock_now_ms();
}

static int done(void *ctx, void *tag, struct vault_many_answer *a,
                struct error *err)
{
    struct walk *w = ctx;
    int rc = walk_done(w, tag, a, err);

    if (++w->answers % PROGRESS_EVERY == 0 && w->o->progress != NULL)
        w->o->progress(w->o->progress_ctx, w->result->records, w->answers);
    return rc;
}

static int walk_all(struct walk *w, struct vault *leader, struct error *err)
{
    const struct vault_many_options many = {
        .in_flight = w->o->concurrency,
        .per_second = w->o->requests_per_second,
        .cancel = w->o->cancel,
        .ctx = w,
        .next = walk_next,
        .done = done,
    };

    if (walk_push_namespace(w, "", err) != 0)
        return -1;
    return vault_many_run(leader, &many, &w->result->requests, err);
}

static void count_missing(struct walk_result *r)
{
    for (size_t i = 0; i < r->kind_count; i++)
        if (strcmp(r->kinds[i].name, INVENTORY_NOT_COVERED) == 0)
            r->not_covered = r->kinds[i].count;
}

int walk_run(const struct walk_options *o, struct walk_result *out,
             struct error *err)
{
    struct walk w = {.o = o, .result = out};
    struct vault_status status;
    struct vault *leader = NULL;
    int rc = -1;

    assert(o->vault != NULL && o->path != NULL && o->key != NULL);
    memset(out, 0, sizeof *out);
    buf_init(&w.query, LIMIT_UPSTREAM_PATH);
    buf_init(&w.path, LIMIT_UPSTREAM_PATH);
    buf_init(&w.text, LIMIT_UPSTREAM_PATH);
    if (find_leader(o->vault, &leader, &status, err) != 0)
        goto done;
    write_head(&w, &status);
    w.openbao = status.product == VAULT_PRODUCT_OPENBAO;
    w.tape = tape_new();
    shape_init(&w.shape, o->key, w.tape, out->head.started_ms);
    if (w.tape == NULL) {
        (void)error_memory(err);
        goto done;
    }
    if (inventory_writer_open(o->work_dir, 0, &w.writer, err) != 0 ||
        walk_all(&w, leader != NULL ? leader : o->vault, err) != 0)
        goto done;
    out->head.finished_ms = clock_now_ms();
    if (inventory_writer_finish(w.writer, &out->head, o->path, &out->records,
                                err) != 0)
        goto done;
    count_missing(out);
    rc = 0;
done:
    walk_frames_free(&w);
    shape_done(&w.shape);
    tape_free(w.tape);
    inventory_writer_close(w.writer);
    vault_free(leader);
    buf_done(&w.text);
    buf_done(&w.path);
    buf_done(&w.query);
    return rc;
}
