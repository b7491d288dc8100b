/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/kv.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "vault/call.h"
#include "vault/internal.h"
#include "vault/kv_value.h"
#include "vault/send.h"

static int too_long(struct error *err)
{
    return error_set(err, ERR_INVALID, "path: longer than %d bytes",
                     VAULT_KV_PATH_MAX - 1);
}

static int put_path(const char *mount, const char *between, const char *name,
                    char out[VAULT_KV_PATH_MAX], struct error *err)
{
    const int n =
        snprintf(out, VAULT_KV_PATH_MAX, "%s%s%s", mount, between, name);

    return n > 0 && n < VAULT_KV_PATH_MAX ? 0 : too_long(err);
}

/* The name of the secret, from the path as the API has it. */
static int cut_name(const char *path, struct vault_kv_place *p,
                    struct error *err)
{
    const char *name = path + strlen(p->mount);

    if (!text_starts(path, p->mount) || *name == '\0')
        return error_set(err, ERR_INVALID,
                         "path: %.200s is a mount, and no secret in it", path);
    if (p->version == 2) {
        if (!text_starts(name, "data/") || strlen(name) == strlen("data/"))
            return error_set(err, ERR_INVALID,
                             "path: %.100s keeps versions, and its paths go "
                             "%.100sdata/<name>",
                             p->mount, p->mount);
        name += strlen("data/");
    }
    return text_copy(p->name, sizeof p->name, name) ? 0 : too_long(err);
}

static int read_place(const struct json *data, const char *path,
                      struct vault_kv_place *p, struct error *err)
{
    const char *type = json_get_text(data, "type", "");

    if (strcmp(type, "kv") != 0 && strcmp(type, "generic") != 0)
        return error_set(err, ERR_INVALID,
                         "path: what serves %.200s is no KV store but of type "
                         "\"%.40s\"",
                         path, type);
    p->version = strcmp(json_get_text(json_get(data, "options"), "version", ""),
                        "2") == 0
                     ? 2
                     : 1;
    if (!text_copy(p->mount, sizeof p->mount, json_get_text(data, "path", "")))
        return too_long(err);
    return 0;
}

/* The server answers with the store that serves a path, wherever it begins. */
static bool is_mount(const char *mount, const struct vault_kv_place *p)
{
    return text_starts(p->mount, mount) &&
           strcmp(p->mount + strlen(mount), "/") == 0;
}

int vault_kv_locate(struct vault *v, const char *mount, const char *path,
                    struct vault_kv_place *out, struct error *err)
{
    struct vault_kv_place p = {.version = 0};
    char full[VAULT_KV_PATH_MAX];
    char *question = NULL;
    struct json *answer = NULL;
    int rc = -1;

    assert(path != NULL && out != NULL);
    if (put_path(mount != NULL ? mount : "", mount != NULL ? "/" : "", path,
                 full, err) != 0)
        return -1;
    question = text_format("sys/internal/ui/mounts/%s", full);
    if (question == NULL)
        return error_memory(err);
    if (vault_read(v, question, &answer, err) != 0) {
        if (err != NULL && err->kind == ERR_DENIED)
            error_prefix(err,
                         "nothing is mounted at %.200s, or Assay's login may "
                         "touch nothing in it",
                         full);
        goto done;
    }
    if (read_place(json_get(answer, "data"), full, &p, err) != 0)
        goto done;
    if (mount == NULL) {
        if (cut_name(path, &p, err) != 0)
            goto done;
    } else if (!is_mount(mount, &p)) {
        (void)error_set(
            err, ERR_INVALID,
            "mount: nothing is mounted at %.200s/; the store %.200s "
            "serves that path",
            mount, p.mount);
        goto done;
    } else if (!text_copy(p.name, sizeof p.name, path)) {
        too_long(err);
        goto done;
    }
    if (put_path(p.mount, p.version == 2 ? "data/" : "", p.name, p.path, err) !=
        0)
        goto done;
    *out = p;
    rc = 0;
done:
    json_free(answer);
    free(question);
    return rc;
}

static int cut_value(const struct http_response *r, struct vault_kv_secret *out,
                     unsigned store, struct error *err)
{
    struct kv_text value = {r->body.data, r->body.len};

    /* {"data": {…}}, or {"data": {"data": {…}, "metadata": {…}}} */
    for (unsigned i = 0; i < store; i++)
        if (!kv_value_find(value, "data", &value))
            return error_set(err, ERR_UPSTREAM, "the answer has no secret");
    if (value.len == 0 || *value.at != '{')
        return error_set(err, ERR_NOT_FOUND, "that version is deleted");
    buf_add(&out->value, value.at, value.len);
    return buf_check(&out->value, "the secret", err);
}

static void read_metadata(const struct json *answer,
                          struct vault_kv_secret *out)
{
    const struct json *m = json_get(json_get(answer, "data"), "metadata");

    out->version = json_get_u64(m, "version", 0);
    (void)text_copy(out->created, sizeof out->created,
                    json_get_text(m, "created_time", ""));
}

int vault_kv_read(struct vault *v, const struct vault_kv_place *place,
                  uint64_t version, struct vault_kv_secret *out,
                  struct error *err)
{
    struct vault_kv_secret s = {.version = 0};
    char query[40];
    const struct vault_request question = {
        .method = "GET",
        .path = place->path,
        .query = version > 0 && place->version == 2 ? query : NULL,
    };
    struct exchange x;
    struct http_response r;
    struct json *answer = NULL;
    struct error why;
    int rc = -1;

    (void)snprintf(query, sizeof query, "version=%" PRIu64, version);
    buf_init_secret(&s.value, VAULT_KV_VALUE_MAX);
    if (call_answer(v, &question, &x, &r, &why) != 0 ||
        send_parse(&x, &r, &answer, &why) != 0 ||
        cut_value(&r, &s, place->version, &why) != 0)
        goto done;
    if (place->version == 2)
        read_metadata(answer, &s);
    *out = s;
    s = (struct vault_kv_secret){.version = 0};
    rc = 0;
done:
    if (rc != 0 && err != NULL)
        *err = why;
    vault_kv_secret_done(&s);
    json_free(answer);
    http_response_done(&r);
    return rc;
}

void vault_kv_secret_done(struct vault_kv_secret *s)
{
    buf_done(&s->value);
}

int vault_kv_look(struct vault *v, const struct vault_kv_place *place,
                  struct vault_kv_now *out, struct error *err)
{
    char metadata[VAULT_KV_PATH_MAX];
    struct json *answer = NULL;
    struct error why;

    error_clear(&why);
    if (put_path(place->mount, place->version == 2 ? "metadata/" : "",
                 place->name, metadata, err) != 0)
        return -1;
    if (vault_read(v, metadata, &answer, &why) != 0) {
        if (why.kind == ERR_NOT_FOUND) {
            *out = (struct vault_kv_now){.exists = false};
            return 0;
        }
        if (err != NULL)
            *err = why;
        return -1;
    }
    *out = (struct vault_kv_now){
        .exists = true,
        .version = place->version == 2 ? json_get_u64(json_get(answer, "data"),
                                                      "current_version", 0)
                                       : 0,
    };
    json_free(answer);
    return 0;
}

static int write_body(const struct vault_kv_place *place,
                      const struct vault_kv_now *now, const struct buf *value,
                      struct buf *out, struct error *err)
{
    struct jsonw w;

    if (place->version == 1) {
        buf_add(out, value->data, value->len);
        return buf_check(out, "the secret", err);
    }
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_object(&w, "options");
    jsonw_u64(&w, "cas", now->version);
    jsonw_end_object(&w);
    jsonw_raw(&w, "data", buf_text(value));
    jsonw_end_object(&w);
    return buf_check(out, "the secret", err);
}

int vault_kv_write(struct vault *v, const struct vault_kv_place *place,
                   struct vault_kv_now *now, const struct buf *value,
                   struct error *err)
{
    struct json *answer = NULL;
    struct buf body;
    int rc = -1;

    buf_init_secret(&body, VAULT_KV_VALUE_MAX + VAULT_KV_PATH_MAX);
    if (write_body(place, now, value, &body, err) != 0)
        goto done;
    if (vault_write(v, place->path, buf_text(&body), &answer, err) != 0) {
        if (err != NULL && err->status == 400 &&
            strstr(err->text, "check-and-set") != NULL)
            error_set(err, ERR_CONFLICT,
                      "%.200s was written by somebody else just now, and is "
                      "left as it is",
                      place->path);
        goto done;
    }
    *now = (struct vault_kv_now){
        .exists = true,
        .version = json_get_u64(json_get(answer, "data"), "version", 0)};
    rc = 0;
done:
    json_free(answer);
    buf_done(&body);
    return rc;
}

int vault_kv_may(struct vault *v, const char *path, unsigned rights,
                 struct error *err)
{
    struct json *answer = NULL;
    struct buf body;
    struct jsonw w;
    unsigned has = 0;
    int rc = -1;

    buf_init(&body, 8 * VAULT_KV_PATH_MAX);
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_array(&w, "paths");
    jsonw_text(&w, NULL, path);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    if (buf_check(&body, "the path", err) == 0)
        rc = vault_write(v, "sys/capabilities-self", buf_text(&body), &answer,
                         err);
    buf_done(&body);
    if (rc != 0)
        return -1;
    const struct json *list = json_get(json_get(answer, "data"), path);
    for (const struct json *c = json_first(list); c != NULL; c = json_next(c)) {
        const char *name = json_text(c, "");

        if (strcmp(name, "create") == 0)
            has |= VAULT_KV_CREATE;
        else if (strcmp(name, "update") == 0)
            has |= VAULT_KV_UPDATE;
        else if (strcmp(name, "root") == 0)
            has = rights;
    }
    json_free(answer);
    return (has & rights) == rights;
}
