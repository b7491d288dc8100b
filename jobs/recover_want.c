/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/recover_want.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* Segments that no server would take as they are: an empty one, "." and
 * "..". */
static bool has_bad_segment(const char *path)
{
    for (;;) {
        const size_t len = strcspn(path, "/");

        if (len == 0 || (len == 1 && path[0] == '.') ||
            (len == 2 && path[0] == '.' && path[1] == '.'))
            return true;
        if (path[len] == '\0')
            return false;
        path += len + 1;
    }
}

static int check_path(const char *field, const char *path, struct error *err)
{
    if (strlen(path) >= VAULT_KV_PATH_MAX)
        return error_set(err, ERR_INVALID, "%s: longer than %d bytes", field,
                         VAULT_KV_PATH_MAX - 1);
    for (const char *p = path; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '*')
            return error_set(err, ERR_INVALID,
                             "%s: one secret, without control characters and "
                             "stars",
                             field);
    if (has_bad_segment(path) || !text_is_utf8(path, strlen(path)))
        return error_set(err, ERR_INVALID,
                         "%s: names with slashes in between, such as "
                         "secret/data/shop/item",
                         field);
    return 0;
}

/* "secret/" is as good as "secret". */
static int take_mount(const char *mount, struct recover_want *want,
                      struct error *err)
{
    size_t len;

    if (!text_given(mount))
        return 0;
    if (!text_copy(want->mount, sizeof(want->mount), mount))
        return error_set(err, ERR_INVALID, "mount: longer than %d bytes",
                         VAULT_KV_PATH_MAX - 1);
    len = strlen(want->mount);
    if (want->mount[len - 1] == '/')
        want->mount[len - 1] = '\0';
    return check_path("mount", want->mount, err);
}

static int take_destination(const struct jobs_recovery_request *r,
                            struct recover_want *want, struct error *err)
{
    const char *to = text_given(r->to) ? r->to : "";

    want->wrap = strcmp(to, "wrap") == 0;
    if (!want->wrap && strcmp(to, "primary") != 0)
        return error_set(err, ERR_INVALID,
                         "to: say where the secret goes: \"primary\" writes "
                         "it there, \"wrap\" hands it to you, wrapped");
    if (want->wrap && r->overwrite)
        return error_set(err, ERR_INVALID,
                         "overwrite: nothing is written with to=wrap");
    if (!want->wrap && r->wrap_ttl_ms != 0)
        return error_set(err, ERR_INVALID,
                         "wrap_ttl: nothing is wrapped with to=primary");
    want->wrap_ttl_ms = r->wrap_ttl_ms != 0 ? r->wrap_ttl_ms : RECOVER_TTL_MS;
    if (want->wrap_ttl_ms < RECOVER_TTL_MIN_MS ||
        want->wrap_ttl_ms > RECOVER_TTL_MAX_MS)
        return error_set(err, ERR_INVALID, "wrap_ttl: from 1m to 24h");
    want->overwrite = r->overwrite;
    return 0;
}

int recover_want_from(const struct jobs_recovery_request *r,
                      struct recover_want *out, struct error *err)
{
    struct recover_want want = {.version = 0};

    if (!text_given(r->path))
        return error_set(err, ERR_INVALID,
                         "path: say which secret, such as "
                         "secret/data/shop/item");
    if (r->version < 0)
        return error_set(err, ERR_INVALID, "version: 1 or more");
    if (check_path("path", r->path, err) != 0 ||
        take_mount(r->mount, &want, err) != 0 ||
        take_destination(r, &want, err) != 0)
        return -1;
    (void)text_copy(want.path, sizeof(want.path), r->path);
    want.version = (uint64_t)r->version;
    *out = want;
    return 0;
}

int recover_want_write(const struct jobs_recovery_request *r,
                       const struct recover_want *want, struct buf *out,
                       struct error *err)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "snapshot", r->snapshot);
    jsonw_text(&w, "mount", recover_want_mount(want));
    jsonw_text(&w, "path", want->path);
    jsonw_u64(&w, "version", want->version);
    jsonw_text(&w, "to", want->wrap ? "wrap" : "primary");
    jsonw_i64(&w, "wrap_ttl_ms", want->wrap_ttl_ms);
    jsonw_bool(&w, "overwrite", want->overwrite);
    jsonw_text(&w, "reason", r->reason);
    jsonw_end_object(&w);
    return buf_check(out, "the request", err);
}

int recover_want_read(const char *params, struct recover_want *out,
                      struct error *err)
{
    struct recover_want want = {.version = 0};
    struct json *root = NULL;
    bool fits;

    if (json_parse(params, strlen(params), &root, err) != 0)
        return error_prefix(err, "the request");
    fits = text_copy(want.mount, sizeof(want.mount),
                     json_get_text(root, "mount", "")) &&
           text_copy(want.path, sizeof(want.path),
                     json_get_text(root, "path", ""));
    want.version = json_get_u64(root, "version", 0);
    want.wrap = strcmp(json_get_text(root, "to", ""), "wrap") == 0;
    want.wrap_ttl_ms = json_get_i64(root, "wrap_ttl_ms", RECOVER_TTL_MS);
    want.overwrite = json_get_bool(root, "overwrite", false);
    json_free(root);
    if (!fits || want.path[0] == '\0')
        return error_set(err, ERR_CORRUPT, "the request names no secret");
    *out = want;
    return 0;
}

const char *recover_want_mount(const struct recover_want *want)
{
    return want->mount[0] != '\0' ? want->mount : NULL;
}
