/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "proof/walk_internal.h"

enum { REASON_MAX = 200, PAGE_LEAST = 5 };

static void count(struct walk_result *r, const char *kind)
{
    size_t i = 0;

    while (i < r->kind_count && strcmp(r->kinds[i].name, kind) != 0)
        i++;
    if (i == r->kind_count) {
        if (i == WALK_KINDS_MAX)
            return;
        r->kinds[r->kind_count++] = (struct walk_kind){.name = kind};
    }
    r->kinds[i].count++;
}

int walk_add(struct walk *w, const char *kind, const char *path,
             struct error *err)
{
    const struct inventory_record *record = shape_record(&w->shape, kind, path);

    if (shape_check(&w->shape, err) != 0 ||
        inventory_writer_add(w->writer, record, err) != 0)
        return -1;
    w->result->records++;
    count(w->result, kind);
    return 0;
}

/* Where an object is, as an operator would type it. */
static const char *shown(struct walk *w, const struct walk_job *job,
                         const char *name)
{
    const struct probe *p = job->probe;
    struct buf *b = &w->path;

    buf_clear(b);
    buf_str(b, job->place->namespace);
    if ((p->flags & PROBE_BARE) != 0) {
        buf_str(b, strcmp(p->kind, "auth") == 0 ? "auth/" : "");
        buf_str(b, name);
        return buf_text(b);
    }
    buf_str(b, job->place->mount);
    if ((p->flags & PROBE_SHORT) == 0) {
        buf_str(b, p->read != NULL ? p->read : p->list);
        if (p->read == NULL)
            buf_char(b, '/');
    }
    buf_str(b, buf_text(&job->folder));
    buf_str(b, name);
    if (p->suffix != NULL)
        buf_str(b, p->suffix);
    return buf_text(b);
}

/* The policy line that would have allowed it. */
static void put_policy(struct walk *w, const struct walk_job *job)
{
    const struct probe *p = job->probe;
    struct buf path, line;
    const char *what = p->read != NULL ? p->read : p->list;
    bool below = p->list != NULL;
    const char *can = "\"read\"";

    buf_init(&path, LIMIT_UPSTREAM_PATH);
    buf_init(&line, LIMIT_INVENTORY_LINE);
    if (job->kind != WALK_READ) {
        what = p->list;
        below = (p->flags & PROBE_TREE) != 0;
        can = below && p->read != NULL ? "\"list\", \"read\"" : "\"list\"";
    } else if ((p->flags & PROBE_TREE) != 0) {
        can = "\"list\", \"read\"";
    }
    buf_printf(&path, "%s%s%s", job->place->namespace, job->place->mount, what);
    if (below && path.len > 0)
        buf_str(&path, path.data[path.len - 1] == '/' ? "*" : "/*");
    if ((p->flags & PROBE_SUDO) != 0)
        can = "\"read\", \"sudo\"";
    probes_policy_line(buf_text(&path), can, &line);
    shape_text(&w->shape, "policy", buf_text(&line));
    buf_done(&path);
    buf_done(&line);
}

static void put_reason(struct walk *w, const struct vault_many_answer *a)
{
    char text[REASON_MAX];

    switch (a->outcome) {
    case VAULT_MANY_DENIED:
        shape_text(&w->shape, "reason", "denied");
        return;
    case VAULT_MANY_TOO_LARGE:
        shape_text(&w->shape, "reason", "too large");
        return;
    default:
        (void)text_copy(text, sizeof text, a->why->text);
        shape_text(&w->shape, "reason", text);
        return;
    }
}

/* What could not be looked at is a record too. */
static int not_covered(struct walk *w, const struct walk_job *job,
                       const struct vault_many_answer *a, struct error *err)
{
    char *path =
        text_format("%s%s", job->place->namespace, buf_text(&job->path));
    int rc;

    if (path == NULL)
        return error_memory(err);
    shape_begin(&w->shape);
    shape_text(&w->shape, "kind", job->probe->kind);
    put_reason(w, a);
    if (a->status != 0)
        shape_number(&w->shape, "status", a->status);
    if (a->outcome == VAULT_MANY_DENIED)
        put_policy(w, job);
    rc = walk_add(w, INVENTORY_NOT_COVERED, path, err);
    free(path);
    return rc;
}

static int unknown_engine(struct walk *w, const struct walk_job *job,
                          const char *path, const char *engine,
                          struct error *err)
{
    char *full = text_format("%s%s", job->place->namespace, path);
    int rc;

    if (full == NULL)
        return error_memory(err);
    shape_begin(&w->shape);
    shape_text(&w->shape, "kind", engine);
    shape_text(&w->shape, "reason", "unknown engine");
    rc = walk_add(w, INVENTORY_NOT_COVERED, full, err);
    free(full);
    return rc;
}

/* "kv2", "pki", "auth/approle", as the table calls them. */
static void engine_of(struct walk *w, const struct walk_job *job,
                      const struct tape_node *mount, char out[ENGINE_MAX])
{
    struct tape *t = w->tape;
    const char *type = tape_get_text(t, mount, "type", "");
    bool auth = strcmp(job->probe->kind, "auth") == 0;

    /* OpenBao's own, inside a namespace. */
    if (text_starts(type, "ns_"))
        type += strlen("ns_");
    if (!auth && (strcmp(type, "kv") == 0 || strcmp(type, "generic") == 0))
        type = strcmp(tape_get_text(t, tape_get(t, mount, "options"), "version",
                                    "1"),
                      "2") == 0
                   ? "kv2"
                   : "kv1";
    (void)snprintf(out, ENGINE_MAX, "%s%s", auth ? "auth/" : "", type);
}

/* What is mounted there is walked as well. */
static int enter_mount(struct walk *w, const struct walk_job *job,
                       const struct tape_node *mount, struct error *err)
{
    const char *name = tape_key(w->tape, mount);
    bool auth = strcmp(job->probe->kind, "auth") == 0;
    struct walk_place *place = NULL;
    char engine[ENGINE_MAX];
    char *path = NULL;
    int rc = -1;

    engine_of(w, job, mount, engine);
    if (strcmp(engine, "system") == 0)
        return 0; /* where we are */
    path = text_format("%s%s", auth ? "auth/" : "", name);
    if (path == NULL) {
        (void)error_memory(err);
        goto done;
    }
    if (!probes_know(engine)) {
        rc = unknown_engine(w, job, path, engine, err);
        goto done;
    }
    place = walk_place_new(job->place->namespace, path);
    if (place == NULL) {
        (void)error_memory(err);
        goto done;
    }
    rc = walk_push_engine(w, place, engine, err);
done:
    walk_place_drop(place);
    free(path);
    return rc;
}

static int one_record(struct walk *w, const struct walk_job *job,
                      const char *name, const struct tape_node *data,
                      struct error *err)
{
    shape_begin(&w->shape);
    shape_data(&w->shape, job->probe, data);
    return walk_add(w, job->probe->kind, shown(w, job, name), err);
}

/* sys/mounts and its like: each member is an object. */
static int take_map(struct walk *w, const struct walk_job *job,
                    const struct tape_node *data, struct error *err)
{
    bool mounts = strcmp(job->probe->kind, "audit") != 0;

    for (const struct tape_node *n = tape_first(w->tape, data); n != NULL;
         n = tape_next(w->tape, n)) {
        if (one_record(w, job, tape_key(w->tape, n), n, err) != 0 ||
            (mounts && enter_mount(w, job, n, err) != 0))
            return -1;
    }
    return 0;
}

static int take_object(struct walk *w, const struct walk_job *job,
                       const struct tape_node *data, struct error *err)
{
    if ((job->probe->flags & PROBE_MAP) != 0)
        return take_map(w, job, data, err);
    return one_record(w, job, buf_text(&job->name), data, err);
}

/* key_info has the order of keys, or nearly: where the last one was is where
 * to look first. */
static const struct tape_node *find_info(const struct tape *t,
                                         const struct tape_node *info,
                                         const struct tape_node *hint,
                                         const char *name)
{
    for (const struct tape_node *n = hint; n != NULL; n = tape_next(t, n))
        if (strcmp(tape_key(t, n), name) == 0)
            return n;
    return tape_get(t, info, name);
}

/* Names of a list: those that say all there is become records, the others
 * are kept, one behind the other. */
struct names {
    const struct tape_node *info, *hint;
    char *text;
    size_t len;
};

static void keep(struct names *names, const char *name)
{
    size_t size = strlen(name) + 1;

    memcpy(names->text + names->len, name, size);
    names->len += size;
}

static int take_name(struct walk *w, const struct walk_job *job,
                     struct names *names, const char *name, struct error *err)
{
    const struct probe *p = job->probe;
    size_t len = strlen(name);
    const struct tape_node *info = NULL;

    if (len == 0)
        return 0;
    if ((p->flags & PROBE_TREE) != 0 && name[len - 1] == '/') {
        keep(names, name);
        return 0;
    }
    if (job->detailed || (p->flags & PROBE_INFO) != 0) {
        info = find_info(w->tape, names->info, names->hint, name);
        if (info != NULL)
            names->hint = tape_next(w->tape, info);
    }
    if (p->read != NULL && (p->flags & PROBE_INFO) == 0 &&
        tape_count(info) == 0) {
        keep(names, name);
        return 0;
    }
    if (strcmp(p->kind, "namespace") == 0)
        keep(names, name);
    return one_record(w, job, name, info, err);
}

/* Whether the server has cut the list: then it goes on behind the last. */
static bool is_page(const struct walk_job *job, const struct tape_node *keys,
                    const char *last)
{
    return job->limit > 0 && tape_count(keys) == job->limit &&
           strcmp(last, buf_text(&job->name)) != 0;
}

static int take_list(struct walk *w, const struct walk_job *job,
                     const struct tape_node *data, size_t size,
                     struct error *err)
{
    struct tape *t = w->tape;
    const struct tape_node *keys = tape_get(t, data, "keys");
    const char *last = "";
    struct names names = {.info = tape_get(t, data, "key_info")};
    struct walk_names push = {.limit = job->limit};

    names.hint = tape_first(t, names.info);
    names.text = malloc(size); /* all of it is in the answer */
    if (names.text == NULL)
        return error_memory(err);
    for (const struct tape_node *n = tape_first(t, keys); n != NULL;
         n = tape_next(t, n)) {
        last = tape_text(t, n, "");
        if (take_name(w, job, &names, last, err) != 0) {
            free(names.text);
            return -1;
        }
    }
    push.names = realloc(names.text, names.len > 0 ? names.len : 1);
    if (push.names == NULL)
        push.names = names.text;
    push.len = names.len;
    push.more = is_page(job, keys, last);
    push.after = push.more ? last : NULL;
    return walk_push_names(w, job, &push, err);
}

/* The same list again, otherwise. */
static int list_again(struct walk *w, const struct walk_job *job,
                      unsigned limit, struct error *err)
{
    const struct walk_names names = {
        .more = true,
        .after = job->name.len > 0 ? buf_text(&job->name) : NULL,
        .limit = limit};

    return walk_push_names(w, job, &names, err);
}

/* An answer that is no list.  What only some servers have, or only some
 * tokens may do, is then done the common way. */
static int no_list(struct walk *w, struct walk_job *job,
                   const struct vault_many_answer *a, struct error *err)
{
    if (job->kind == WALK_SCAN && a->outcome != VAULT_MANY_MISSING) {
        job->place->no_scan = true;
        return list_again(w, job, 0, err);
    }
    if (a->outcome == VAULT_MANY_TOO_LARGE && job->limit > PAGE_LEAST)
        return list_again(w, job, job->limit / 10 + 1, err);
    if (job->detailed && a->outcome != VAULT_MANY_TOO_LARGE &&
        (a->outcome != VAULT_MANY_MISSING || job->folder.len == 0)) {
        job->place->no_detailed = true;
        return list_again(w, job, 0, err);
    }
    if (a->outcome == VAULT_MANY_MISSING)
        return 0; /* nothing there */
    return not_covered(w, job, a, err);
}

/* An answer that is no object. */
static int no_object(struct walk *w, const struct walk_job *job,
                     const struct vault_many_answer *a, struct error *err)
{
    /* Gone since it was listed; or a setting that was never made, which some
     * engines call a bad request. */
    if (a->outcome == VAULT_MANY_MISSING ||
        (a->status == 400 && job->probe->list == NULL))
        return 0;
    return not_covered(w, job, a, err);
}

static int take(struct walk *w, struct walk_job *job,
                struct vault_many_answer *a, struct error *err)
{
    const struct tape_node *data;
    struct error why;
    struct vault_many_answer broken = *a;

    if (a->outcome != VAULT_MANY_OK)
        return job->kind == WALK_READ ? no_object(w, job, a, err)
                                      : no_list(w, job, a, err);
    if (a->len == 0)
        return 0;
    if (tape_parse(w->tape, a->body, a->len, &why) != 0) {
        broken.outcome = VAULT_MANY_REFUSED;
        broken.why = &why;
        return not_covered(w, job, &broken, err);
    }
    data = tape_get(w->tape, tape_root(w->tape), "data");
    return job->kind == WALK_READ ? take_object(w, job, data, err)
                                  : take_list(w, job, data, a->len, err);
}

int walk_done(void *ctx, void *tag, struct vault_many_answer *a,
              struct error *err)
{
    struct walk *w = ctx;
    struct walk_job *job = tag;
    int rc;

    w->lists -= job->kind != WALK_READ;
    rc = take(w, job, a, err);
    walk_job_spare(w, job);
    return rc;
}
