/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison is made on the printed form: whatever is a setting is in
 * it, and secrets are not. */
#include "cli/reload.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

enum { PRINTED_MAX = 256 * 1024, PATH_TEXT_MAX = 256 };

/* What may change: the whole sections, or this part of a cluster. */
static const char *const free_sections[] = {
    "log",          "transient", "validation", "drain", "restore",
    "trusted_keys", "canary",    "oracles",    "notify"};
static const char *const free_of_cluster[] = {"unseal"};
static const char *const free_of_access[] = {"break_glass"};
static const char *const free_of_audit[] = {"heads_every"};
static const char *const free_of_limits[] = {"requests_per_second", "burst",
                                             "caller_requests_per_second",
                                             "caller_burst"};

struct compare {
    void (*each)(void *ctx, const char *path);
    void *ctx;
};

static bool is_in(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static bool equal(const struct json *a, const struct json *b)
{
    struct buf x;
    struct buf y;
    bool same = false;

    buf_init(&x, PRINTED_MAX);
    buf_init(&y, PRINTED_MAX);
    json_print(a, &x);
    json_print(b, &y);
    same = strcmp(buf_text(&x), buf_text(&y)) == 0;
    buf_done(&x);
    buf_done(&y);
    return same;
}

/* What is not `free` and differs, as settings below `path`. */
struct part {
    const char *path;
    const char *const *free;
    size_t free_count;
};

static void compare_part(const struct compare *c, const struct part *part,
                         const struct json *old, const struct json *new)
{
    char path[PATH_TEXT_MAX];

    for (const struct json *n = json_first(new); n != NULL; n = json_next(n)) {
        if (is_in(json_key(n), part->free, part->free_count) ||
            equal(n, json_get(old, json_key(n))))
            continue;
        (void)snprintf(path, sizeof(path), "%s.%s", part->path, json_key(n));
        c->each(c->ctx, path);
    }
}

static void compare_cluster(const struct compare *c, const char *name,
                            const struct json *old, const struct json *new)
{
    char path[PATH_TEXT_MAX];
    const struct part part = {path, free_of_cluster,
                              sizeof(free_of_cluster) /
                                  sizeof(free_of_cluster[0])};

    (void)snprintf(path, sizeof(path), "clusters.%s", name);
    compare_part(c, &part, old, new);
}

static void compare_clusters(const struct compare *c, const struct json *old,
                             const struct json *new)
{
    for (const struct json *n = json_first(new); n != NULL; n = json_next(n))
        if (json_get(old, json_key(n)) != NULL)
            compare_cluster(c, json_key(n), json_get(old, json_key(n)), n);
        else
            c->each(c->ctx, "clusters");
    if (json_count(old) > json_count(new))
        c->each(c->ctx, "clusters");
}

static int print_and_parse(const struct config *config, struct json **out,
                           struct error *err)
{
    struct buf text;
    int rc = -1;

    buf_init(&text, PRINTED_MAX);
    config_print(config, &text);
    if (buf_check(&text, "the configuration", err) == 0)
        rc = json_parse(buf_text(&text), text.len, out, err);
    buf_done(&text);
    return rc;
}

int reload_needs_restart(const struct config *old, const struct config *new,
                         void (*each)(void *ctx, const char *path), void *ctx,
                         struct error *err)
{
    const struct compare c = {.each = each, .ctx = ctx};
    const struct part access = {"access", free_of_access,
                                sizeof(free_of_access) /
                                    sizeof(free_of_access[0])};
    const struct part audit = {"audit", free_of_audit,
                               sizeof(free_of_audit) /
                                   sizeof(free_of_audit[0])};
    const struct part limits = {"limits", free_of_limits,
                                sizeof(free_of_limits) /
                                    sizeof(free_of_limits[0])};
    struct json *a = NULL;
    struct json *b = NULL;
    int rc = -1;

    if (print_and_parse(old, &a, err) != 0 ||
        print_and_parse(new, &b, err) != 0)
        goto done;
    for (const struct json *n = json_first(b); n != NULL; n = json_next(n)) {
        const char *key = json_key(n);

        if (strcmp(key, "clusters") == 0)
            compare_clusters(&c, json_get(a, key), n);
        else if (strcmp(key, "access") == 0)
            compare_part(&c, &access, json_get(a, key), n);
        else if (strcmp(key, "audit") == 0)
            compare_part(&c, &audit, json_get(a, key), n);
        else if (strcmp(key, "limits") == 0)
            compare_part(&c, &limits, json_get(a, key), n);
        else if (!is_in(key, free_sections,
                        sizeof(free_sections) / sizeof(free_sections[0])) &&
                 !equal(n, json_get(a, key)))
            each(ctx, key);
    }
    rc = 0;
done:
    json_free(a);
    json_free(b);
    return rc;
}
