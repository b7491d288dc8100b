/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/contents.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "snapshot/contents_row.h"
#include "snapshot/gunzip.h"

/* The servers' tables.  A key is the name itself (Vault) or the name, a slash
 * and the row's uuid (OpenBao). */
static const char *const tables[] = {"core/mounts",      "core/local-mounts",
                                     "core/auth",        "core/local-auth",
                                     "core/namespaces",  "core/audit",
                                     "core/local-audit", IDENTITY_KEY};
static const char policy_prefix[] = "sys/policy/";

/* A key without the namespace it is in. */
struct place {
    const char *key;
    size_t len;
    char namespace_uuid[BARRIER_UUID + 1];
};

static struct place place_of(const void *key, size_t key_len)
{
    struct place p = {.key = key, .len = key_len};
    const char *uuid = NULL;

    if (barrier_namespace(key, key_len, &uuid, &p.key, &p.len)) {
        memcpy(p.namespace_uuid, uuid, BARRIER_UUID);
    }
    return p;
}

static bool begins(const struct place *p, const char *prefix)
{
    size_t len = strlen(prefix);

    return p->len >= len && memcmp(p->key, prefix, len) == 0;
}

void contents_init(struct contents *c)
{
    memset(c, 0, sizeof(*c));
}

void contents_done(struct contents *c)
{
    for (size_t n = 0; n < c->mounts_count; n++) {
        free(c->mounts[n].path);
        free(c->mounts[n].type);
    }
    for (size_t n = 0; n < c->namespaces_count; n++) {
        free(c->namespaces[n].path);
    }
    for (size_t n = 0; n < c->policies_count; n++) {
        free(c->policies[n].name);
    }
    for (size_t n = 0; n < c->audits_count; n++) {
        free(c->audits[n].path);
        free(c->audits[n].type);
        free(c->audits[n].place);
    }
    free(c->audits);
    free(c->mounts);
    free(c->namespaces);
    free(c->policies);
    free(c->terms);
    contents_init(c);
}

bool contents_wants(const void *key, size_t key_len)
{
    struct place p;

    /* Most keys begin with "logical/": one look. */
    if (key_len == 0 || strchr("cn", *(const char *)key) == NULL) {
        return false;
    }
    p = place_of(key, key_len);
    for (size_t n = 0; n < sizeof(tables) / sizeof(tables[0]); n++) {
        if (begins(&p, tables[n]) &&
            (p.len == strlen(tables[n]) || p.key[strlen(tables[n])] == '/')) {
            return true;
        }
    }
    return false;
}

/* What the server's tables are compressed with, when they are. */
static int inflate(const uint8_t *data, size_t len, struct buf *out,
                   struct error *err)
{
    struct gunzip *g = gunzip_new();
    struct span in = {data, len};
    struct span piece = {NULL, 0};
    int rc = -1;

    if (g == NULL) {
        return error_memory(err);
    }
    while (in.len > 0 || gunzip_pending(g)) {
        if (gunzip_step(g, &in, &piece, err) != 0) {
            goto done;
        }
        buf_add(out, piece.data, piece.len);
        if (buf_check(out, "a mount table", err) != 0) {
            goto done;
        }
    }
    rc = 0;
done:
    gunzip_free(g);
    return rc;
}

static int add_audits(struct contents *c, const struct json *root,
                      struct error *err)
{
    const struct json *entries = json_get(root, "entries");

    if (entries == NULL) {
        c->unread++; /* an empty table has a null */
        return 0;
    }
    for (const struct json *node = json_first(entries); node != NULL;
         node = json_next(node)) {
        if (contents_row_audit(c, node, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int add_mounts(struct contents *c, const struct place *p,
                      const struct json *root, struct error *err)
{
    bool auth = begins(p, "core/auth") || begins(p, "core/local-auth");
    const struct json *entries = json_get(root, "entries");

    if (json_get(root, "uuid") != NULL) {
        return contents_row_mount(c, root, auth, p->namespace_uuid, err);
    }
    if (json_type(root) != JSON_OBJECT) {
        c->unread++;
        return 0;
    }
    for (const struct json *node = json_first(entries); node != NULL;
         node = json_next(node)) {
        if (contents_row_mount(c, node, auth, p->namespace_uuid, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Only memory is an error: a table that cannot be read is counted. */
int contents_add(struct contents *c, const struct snapshot_entry *plain,
                 struct error *err)
{
    const uint8_t *data = plain->value;
    size_t len = plain->value_len;
    struct place p = place_of(plain->key, plain->key_len);
    struct json *root = NULL;
    struct error why = {0};
    struct buf table;
    int rc = 0;

    buf_init_secret(&table, LIMIT_MOUNT_TABLE);
    if (len > 1 && data[0] == 'G') {
        rc = inflate(data + 1, len - 1, &table, &why);
        data = (const uint8_t *)buf_text(&table);
        len = table.len;
    }
    if (rc == 0) {
        rc = json_parse((const char *)data, len, &root, &why);
    }
    if (rc != 0) {
        c->unread++;
        rc = 0;
    } else if (p.namespace_uuid[0] == '\0' && begins(&p, IDENTITY_KEY)) {
        c->unread += !identity_add_info(&c->identity, root);
    } else if (begins(&p, "core/namespaces")) {
        rc = contents_row_namespace(c, root, err);
    } else if (begins(&p, "core/audit") || begins(&p, "core/local-audit")) {
        rc = add_audits(c, root, err);
    } else {
        rc = add_mounts(c, &p, root, err);
    }
    json_free(root);
    buf_done(&table);
    return rc;
}

int contents_add_key(struct contents *c, const void *key, size_t key_len,
                     struct error *err)
{
    size_t skip = sizeof(policy_prefix) - 1;
    struct place p;

    if (key_len == 0 || strchr("cns", *(const char *)key) == NULL) {
        return 0;
    }
    identity_add_key(&c->identity, key, key_len);
    p = place_of(key, key_len);
    if (!begins(&p, policy_prefix) || p.len == skip) {
        return 0;
    }
    return contents_row_policy(c, p.key + skip, p.len - skip, p.namespace_uuid,
                               err);
}

const char *contents_namespace_path(const struct contents *c, const char *uuid)
{
    for (size_t n = 0; n < c->namespaces_count && uuid[0] != '\0'; n++) {
        if (strcmp(c->namespaces[n].uuid, uuid) == 0) {
            return c->namespaces[n].path;
        }
    }
    return "";
}

static int prefix_with(char **text, const char *prefix, const char *middle,
                       struct error *err)
{
    char *whole = text_format("%s%s%s", prefix, middle, *text);

    if (whole == NULL) {
        return error_memory(err);
    }
    free(*text);
    *text = whole;
    return 0;
}

static int by_path(const void *a, const void *b)
{
    const struct contents_mount *left = a;
    const struct contents_mount *right = b;

    return strcmp(left->path, right->path);
}

static int by_namespace(const void *a, const void *b)
{
    const struct contents_namespace *left = a;
    const struct contents_namespace *right = b;

    return strcmp(left->path, right->path);
}

static int by_name(const void *a, const void *b)
{
    const struct contents_policy *left = a;
    const struct contents_policy *right = b;

    return strcmp(left->name, right->name);
}

int contents_finish(struct contents *c, struct error *err)
{
    for (size_t n = 0; n < c->mounts_count; n++) {
        struct contents_mount *m = &c->mounts[n];

        if (prefix_with(&m->path, contents_namespace_path(c, m->namespace_uuid),
                        m->auth ? "auth/" : "", err) != 0) {
            return -1;
        }
    }
    for (size_t n = 0; n < c->policies_count; n++) {
        struct contents_policy *p = &c->policies[n];

        if (prefix_with(&p->name, contents_namespace_path(c, p->namespace_uuid),
                        "", err) != 0) {
            return -1;
        }
    }
    if (c->mounts_count > 0) {
        qsort(c->mounts, c->mounts_count, sizeof(*c->mounts), by_path);
    }
    if (c->namespaces_count > 0) {
        qsort(c->namespaces, c->namespaces_count, sizeof(*c->namespaces),
              by_namespace);
    }
    if (c->policies_count > 0) {
        qsort(c->policies, c->policies_count, sizeof(*c->policies), by_name);
    }
    return 0;
}

const struct contents_mount *contents_find(const struct contents *c,
                                           const char *prefix)
{
    bool auth = text_starts(prefix, "auth/");
    const char *uuid = strchr(prefix, '/');

    if (uuid == NULL || (!auth && !text_starts(prefix, "logical/"))) {
        return NULL;
    }
    for (size_t n = 0; n < c->mounts_count; n++) {
        if (c->mounts[n].auth == auth &&
            strcmp(c->mounts[n].uuid, uuid + 1) == 0) {
            return &c->mounts[n];
        }
    }
    return NULL;
}

static void write_mounts(const struct contents *c, bool auth, struct jsonw *w)
{
    for (size_t n = 0; n < c->mounts_count; n++) {
        const struct contents_mount *m = &c->mounts[n];

        if (m->auth != auth) {
            continue;
        }
        jsonw_object(w, NULL);
        jsonw_text(w, "path", m->path);
        jsonw_text(w, "type", m->type);
        jsonw_text(w, "uuid", m->uuid);
        jsonw_end_object(w);
    }
}

static void write_known(struct jsonw *w, const char *key, const char *value)
{
    if (value[0] != '\0') {
        jsonw_text(w, key, value);
    } else {
        jsonw_null(w, key);
    }
}

void contents_write(const struct contents *c, struct jsonw *w)
{
    write_known(w, "cluster_id", c->identity.cluster_id);
    write_known(w, "cluster_name", c->identity.cluster_name);
    write_known(w, "product", identity_product(&c->identity));
    write_known(w, "server_version", c->identity.version);
    jsonw_array(w, "mounts");
    write_mounts(c, false, w);
    jsonw_end_array(w);
    jsonw_array(w, "auth_methods");
    write_mounts(c, true, w);
    jsonw_end_array(w);
    jsonw_array(w, "policies");
    for (size_t n = 0; n < c->policies_count; n++) {
        jsonw_text(w, NULL, c->policies[n].name);
    }
    jsonw_end_array(w);
    jsonw_array(w, "namespaces");
    for (size_t n = 0; n < c->namespaces_count; n++) {
        jsonw_object(w, NULL);
        jsonw_text(w, "path", c->namespaces[n].path);
        jsonw_text(w, "uuid", c->namespaces[n].uuid);
        jsonw_bool(w, "own_seal", c->namespaces[n].own_seal);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_array(w, "key_terms");
    for (size_t n = 0; n < c->terms_count; n++) {
        jsonw_object(w, NULL);
        jsonw_u64(w, "term", c->terms[n].term);
        jsonw_time(w, "installed_at", c->terms[n].installed_ms);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_u64(w, "contents_left_out", c->left_out);
    jsonw_u64(w, "contents_unread", c->unread);
}
