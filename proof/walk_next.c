/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "proof/walk_internal.h"

enum { PAGE = 2000, PAGE_DETAILED = 500 };

struct walk_place *walk_place_new(const char *namespace, const char *mount)
{
    struct walk_place *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->refs = 1;
    p->namespace = text_dup(namespace);
    p->mount = text_dup(mount);
    if (p->namespace == NULL || p->mount == NULL) {
        walk_place_drop(p);
        return NULL;
    }
    return p;
}

void walk_place_drop(struct walk_place *p)
{
    if (p == NULL || --p->refs > 0)
        return;
    free(p->namespace);
    free(p->mount);
    free(p);
}

static struct walk_frame *push(struct walk *w, struct walk_place *place)
{
    struct walk_frame *f = calloc(1, sizeof *f);

    if (f == NULL)
        return NULL;
    f->place = place;
    place->refs++;
    f->below = w->top;
    w->top = f;
    return f;
}

static void pop(struct walk *w)
{
    struct walk_frame *f = w->top;

    w->top = f->below;
    w->pending -= f->len;
    walk_place_drop(f->place);
    free(f->folder);
    free(f->names);
    free(f->after);
    free(f);
}

void walk_frames_free(struct walk *w)
{
    while (w->top != NULL)
        pop(w);
    while (w->all != NULL) {
        struct walk_job *job = w->all;

        w->all = job->sibling;
        walk_place_drop(job->place);
        buf_done(&job->folder);
        buf_done(&job->name);
        buf_done(&job->path);
        free(job);
    }
    w->spare = NULL;
}

int walk_push_engine(struct walk *w, struct walk_place *place,
                     const char *engine, struct error *err)
{
    struct walk_frame *f = push(w, place);

    if (f == NULL)
        return error_memory(err);
    (void)text_copy(f->engine, sizeof f->engine, engine);
    return 0;
}

int walk_push_namespace(struct walk *w, const char *namespace,
                        struct error *err)
{
    struct walk_place *place = walk_place_new(namespace, "sys/");
    int rc;

    if (place == NULL)
        return error_memory(err);
    rc = walk_push_engine(w, place, "system", err);
    walk_place_drop(place);
    return rc;
}

int walk_push_names(struct walk *w, const struct walk_job *job,
                    const struct walk_names *n, struct error *err)
{
    struct walk_frame *f;

    if (n->len == 0 && !n->more) {
        free(n->names);
        return 0;
    }
    f = push(w, job->place);
    if (f == NULL) {
        free(n->names);
        return error_memory(err);
    }
    f->probe = job->probe;
    f->names = n->names;
    f->len = n->len;
    w->pending += n->len;
    f->more = n->more;
    f->limit = n->limit;
    f->folder = text_dup(buf_text(&job->folder));
    if (f->folder == NULL)
        return error_memory(err);
    if (n->after != NULL) {
        f->after = text_dup(n->after);
        if (f->after == NULL)
            return error_memory(err);
    }
    return 0;
}

static struct walk_job *job_new(struct walk *w)
{
    struct walk_job *job = w->spare;

    if (job != NULL) {
        w->spare = job->next;
        return job;
    }
    job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    buf_init(&job->folder, LIMIT_UPSTREAM_PATH);
    buf_init(&job->name, LIMIT_UPSTREAM_PATH);
    buf_init(&job->path, LIMIT_UPSTREAM_PATH);
    job->sibling = w->all;
    w->all = job;
    return job;
}

void walk_job_spare(struct walk *w, struct walk_job *job)
{
    walk_place_drop(job->place);
    job->place = NULL;
    job->next = w->spare;
    w->spare = job;
}

/* What is to be asked, before it is a request. */
struct wish {
    struct walk_place *place;
    const struct probe *probe;
    enum walk_job_kind kind;
    const char *folder, *name; /* name: read, or where a page begins */
    unsigned limit;
};

static void write_path(struct walk_job *job)
{
    const struct probe *p = job->probe;
    struct buf *path = &job->path;

    buf_clear(path);
    buf_str(path, job->place->mount);
    if (job->kind == WALK_READ) {
        buf_str(path, p->read);
        buf_str(path, buf_text(&job->folder));
        buf_str(path, buf_text(&job->name));
        if (p->suffix != NULL)
            buf_str(path, p->suffix);
        return;
    }
    buf_str(path, job->detailed ? p->detailed : p->list);
    if ((p->flags & PROBE_TREE) != 0 && p->list[0] != '\0')
        buf_char(path, '/');
    buf_str(path, buf_text(&job->folder));
}

static void write_query(struct walk *w, const struct walk_job *job)
{
    buf_clear(&w->query);
    if (job->limit == 0 || job->kind != WALK_LIST)
        return;
    buf_printf(&w->query, "limit=%u", job->limit);
    if (job->name.len > 0) {
        buf_str(&w->query, "&after=");
        vault_many_encode(buf_text(&job->name), &w->query);
    }
}

static unsigned page_of(const struct walk *w, const struct walk_job *job,
                        unsigned asked)
{
    if (job->kind != WALK_LIST || !w->openbao ||
        (job->probe->flags & PROBE_PAGED) == 0)
        return 0;
    if (asked > 0)
        return asked;
    return job->detailed ? PAGE_DETAILED : PAGE;
}

/* Always 1, or -1. */
static int ask(struct walk *w, const struct wish *wish,
               struct vault_many_request *q, struct error *err)
{
    static const char *const methods[] = {"LIST", "SCAN", "GET"};
    struct walk_job *job = job_new(w);

    if (job == NULL)
        return error_memory(err);
    job->kind = wish->kind;
    job->place = wish->place;
    job->place->refs++;
    job->probe = wish->probe;
    job->detailed = wish->kind == WALK_LIST && w->openbao &&
                    wish->probe->detailed != NULL && !wish->place->no_detailed;
    buf_clear(&job->folder);
    buf_str(&job->folder, wish->folder);
    buf_clear(&job->name);
    buf_str(&job->name, wish->name != NULL ? wish->name : "");
    job->limit = page_of(w, job, wish->limit);
    write_path(job);
    write_query(w, job);
    if (buf_check(&job->folder, "a path", err) != 0 ||
        buf_check(&job->name, "a path", err) != 0 ||
        buf_check(&job->path, "a path", err) != 0 ||
        buf_check(&w->query, "a query", err) != 0) {
        walk_job_spare(w, job);
        return -1;
    }
    *q = (struct vault_many_request){
        .method = methods[job->kind],
        .path = buf_text(&job->path),
        .query = w->query.len > 0 ? buf_text(&w->query) : NULL,
        .namespace = job->place->namespace,
        .tag = job,
    };
    w->lists += job->kind != WALK_READ;
    return 1;
}

static bool wanted(const struct walk *w, const struct walk_frame *f,
                   const struct probe *p)
{
    if ((p->flags & PROBE_ROOT) != 0 && f->place->namespace[0] != '\0')
        return false;
    if ((p->flags & PROBE_VALUES) != 0 && !w->o->compare_values)
        return false;
    return (p->flags & PROBE_OPENBAO) == 0 || w->openbao;
}

/* While much waits, lists are asked for one at a time. */
static bool may_list(const struct walk *w)
{
    return w->lists == 0 || w->pending <= LIMIT_WALK_PENDING;
}

enum step { STEP_ASKED, STEP_OVER, STEP_WAIT, STEP_AGAIN, STEP_FAILED };

static enum step list(struct walk *w, const struct wish *wish,
                      struct vault_many_request *q, struct error *err)
{
    if (!may_list(w))
        return STEP_WAIT;
    return ask(w, wish, q, err) == 1 ? STEP_ASKED : STEP_FAILED;
}

static enum step next_row(struct walk *w, struct walk_frame *f,
                          struct vault_many_request *q, struct error *err)
{
    while (f->row < probes_count) {
        const struct probe *p = &probes[f->row];
        struct wish wish = {
            .place = f->place, .probe = p, .kind = WALK_READ, .folder = ""};
        enum step step;

        if (strcmp(p->engine, f->engine) != 0 || !wanted(w, f, p)) {
            f->row++;
            continue;
        }
        if (p->list != NULL)
            wish.kind =
                (p->flags & PROBE_SCAN) != 0 && w->openbao && !f->place->no_scan
                    ? WALK_SCAN
                    : WALK_LIST;
        step = list(w, &wish, q, err);
        if (step == STEP_ASKED)
            f->row++;
        return step;
    }
    return STEP_OVER;
}

/* A namespace that is named in another's list. */
static enum step enter(struct walk *w, const struct walk_frame *f,
                       const char *name, struct error *err)
{
    char *full = text_format("%s%s", f->place->namespace, name);
    int rc;

    if (full == NULL) {
        (void)error_memory(err);
        return STEP_FAILED;
    }
    rc = walk_push_namespace(w, full, err);
    free(full);
    return rc == 0 ? STEP_AGAIN : STEP_FAILED;
}

static enum step next_page(struct walk *w, struct walk_frame *f,
                           struct vault_many_request *q, struct error *err)
{
    struct wish wish = {.place = f->place,
                        .probe = f->probe,
                        .kind = WALK_LIST,
                        .folder = f->folder,
                        .name = f->after,
                        .limit = f->limit};
    enum step step = STEP_OVER;

    if (f->more)
        step = list(w, &wish, q, err);
    if (step == STEP_ASKED)
        f->more = false;
    return step;
}

static enum step next_name(struct walk *w, struct walk_frame *f,
                           struct vault_many_request *q, struct error *err)
{
    const char *name = f->names + f->at;
    size_t len;
    struct wish wish = {.place = f->place,
                        .probe = f->probe,
                        .kind = WALK_READ,
                        .folder = f->folder,
                        .name = name};
    enum step step;

    if (f->at == f->len)
        return next_page(w, f, q, err);
    len = strlen(name);
    if (f->probe->list != NULL && strcmp(f->probe->kind, "namespace") == 0) {
        f->at += len + 1;
        return enter(w, f, name, err);
    }
    if ((f->probe->flags & PROBE_TREE) != 0 && name[len - 1] == '/') {
        buf_clear(&w->text);
        buf_printf(&w->text, "%s%s", f->folder, name);
        wish.kind = WALK_LIST;
        wish.folder = buf_text(&w->text);
        wish.name = NULL;
        step = list(w, &wish, q, err);
    } else {
        step = ask(w, &wish, q, err) == 1 ? STEP_ASKED : STEP_FAILED;
    }
    if (step == STEP_ASKED)
        f->at += len + 1;
    return step;
}

int walk_next(void *ctx, struct vault_many_request *q, struct error *err)
{
    struct walk *w = ctx;

    while (w->top != NULL) {
        struct walk_frame *f = w->top;
        enum step step =
            f->probe == NULL ? next_row(w, f, q, err) : next_name(w, f, q, err);

        switch (step) {
        case STEP_ASKED:
            return 1;
        case STEP_WAIT:
            return 0;
        case STEP_FAILED:
            return -1;
        case STEP_OVER:
            pop(w);
            break;
        case STEP_AGAIN:
            break;
        }
    }
    return 0;
}
