/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/contents_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

enum { FIRST = 16 };

/* Room for one more in an array that doubles; NULL without memory. */
static void *grow(void *items, size_t count, size_t size)
{
    /* A power of two is full. */
    if (count != 0 && (count < FIRST || (count & (count - 1)) != 0)) {
        return items;
    }
    return realloc(items, (count == 0 ? FIRST : 2 * count) * size);
}

static bool full(struct contents *c, size_t count)
{
    if (count < LIMIT_CONTENTS_ROWS) {
        return false;
    }
    c->left_out++;
    return true;
}

int contents_row_mount(struct contents *c, const struct json *node, bool auth,
                       const char *namespace_uuid, struct error *err)
{
    const char *path = json_get_text(node, "path", NULL);
    const char *type = json_get_text(node, "type", NULL);
    const char *uuid = json_get_text(node, "uuid", NULL);
    struct contents_mount row = {.auth = auth};
    void *items = NULL;

    if (path == NULL || type == NULL || uuid == NULL ||
        !text_copy(row.uuid, sizeof(row.uuid), uuid)) {
        c->unread++;
        return 0;
    }
    if (full(c, c->mounts_count)) {
        return 0;
    }
    text_copy(row.namespace_uuid, sizeof(row.namespace_uuid), namespace_uuid);
    items = grow(c->mounts, c->mounts_count, sizeof(row));
    if (items == NULL) {
        return error_memory(err);
    }
    c->mounts = items;
    row.path = text_dup(path);
    row.type = text_dup(type);
    if (row.path == NULL || row.type == NULL) {
        free(row.path);
        free(row.type);
        return error_memory(err);
    }
    c->mounts[c->mounts_count++] = row;
    return 0;
}

int contents_row_namespace(struct contents *c, const struct json *node,
                           struct error *err)
{
    const char *path = json_get_text(node, "path", NULL);
    const char *uuid = json_get_text(node, "uuid", NULL);
    struct contents_namespace row = {0};
    void *items = NULL;

    if (path == NULL || uuid == NULL ||
        !text_copy(row.uuid, sizeof(row.uuid), uuid)) {
        c->unread++;
        return 0;
    }
    if (full(c, c->namespaces_count)) {
        return 0;
    }
    items = grow(c->namespaces, c->namespaces_count, sizeof(row));
    if (items == NULL) {
        return error_memory(err);
    }
    c->namespaces = items;
    row.path = text_dup(path);
    if (row.path == NULL) {
        return error_memory(err);
    }
    c->namespaces[c->namespaces_count++] = row;
    return 0;
}

/* Where it writes, by the option that its type has for that. */
static const char *audit_place(const struct json *node)
{
    static const char *const names[] = {"file_path", "path", "address",
                                        "facility"};
    const struct json *options = json_get(node, "options");
    const char *place = "";

    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        if (place[0] == '\0') {
            place = json_get_text(options, names[n], "");
        }
    }
    return place;
}

int contents_row_audit(struct contents *c, const struct json *node,
                       struct error *err)
{
    const char *path = json_get_text(node, "path", NULL);
    const char *type = json_get_text(node, "type", NULL);
    struct contents_audit row = {0};
    void *items = NULL;

    if (path == NULL || type == NULL) {
        c->unread++;
        return 0;
    }
    if (full(c, c->audits_count)) {
        return 0;
    }
    items = grow(c->audits, c->audits_count, sizeof(row));
    if (items == NULL) {
        return error_memory(err);
    }
    c->audits = items;
    row.path = text_dup(path);
    row.type = text_dup(type);
    row.place = text_dup(audit_place(node));
    if (row.path == NULL || row.type == NULL || row.place == NULL) {
        free(row.path);
        free(row.type);
        free(row.place);
        return error_memory(err);
    }
    c->audits[c->audits_count++] = row;
    return 0;
}

int contents_row_policy(struct contents *c, const char *name, size_t len,
                        const char *namespace_uuid, struct error *err)
{
    struct contents_policy row = {0};
    void *items = NULL;

    if (full(c, c->policies_count)) {
        return 0;
    }
    text_copy(row.namespace_uuid, sizeof(row.namespace_uuid), namespace_uuid);
    items = grow(c->policies, c->policies_count, sizeof(row));
    if (items == NULL) {
        return error_memory(err);
    }
    c->policies = items;
    row.name = text_dup_len(name, len);
    if (row.name == NULL) {
        return error_memory(err);
    }
    c->policies[c->policies_count++] = row;
    return 0;
}
