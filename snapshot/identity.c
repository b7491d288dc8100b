/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/identity.h"

#include <string.h>

#include "base/text.h"

static const char versions[] = "core/versions/";
static const char mounts[] = "core/mounts";
static const char openbao_only[] = "core/initialize-lock";

static bool is(const void *key, size_t key_len, const char *name)
{
    return key_len == strlen(name) && memcmp(key, name, key_len) == 0;
}

/* The key behind `prefix`, or NULL. */
static const char *behind(const void *key, size_t key_len, const char *prefix)
{
    size_t len = strlen(prefix);

    return key_len > len && memcmp(key, prefix, len) == 0
               ? (const char *)key + len
               : NULL;
}

static void add_version(struct identity *i, const char *text, size_t len)
{
    char version[IDENTITY_VERSION_MAX];

    if (len >= sizeof(version) || !text_is_utf8(text, len)) {
        return;
    }
    memcpy(version, text, len);
    version[len] = '\0';
    if (i->version[0] == '\0' ||
        text_version_compare(i->version, version) < 0) {
        (void)text_copy(i->version, sizeof(i->version), version);
    }
}

void identity_add_key(struct identity *i, const void *key, size_t key_len)
{
    const char *rest = NULL;

    if (behind(key, key_len, "core/") == NULL) {
        return;
    }
    rest = behind(key, key_len, versions);
    if (rest != NULL) {
        add_version(i, rest, key_len - strlen(versions));
    } else if (is(key, key_len, mounts)) {
        i->table = true;
    } else if (behind(key, key_len, "core/mounts/") != NULL) {
        i->rows = true;
    } else if (is(key, key_len, openbao_only)) {
        i->marked = true;
    }
}

bool identity_add_info(struct identity *i, const struct json *info)
{
    const char *id = json_get_text(info, "id", NULL);
    const char *name = json_get_text(info, "name", NULL);

    if (id == NULL || name == NULL || strlen(id) >= sizeof(i->cluster_id) ||
        strlen(name) >= sizeof(i->cluster_name)) {
        return false;
    }
    (void)text_copy(i->cluster_id, sizeof(i->cluster_id), id);
    (void)text_copy(i->cluster_name, sizeof(i->cluster_name), name);
    return true;
}

/* OpenBao began with version 2, which Vault had not reached by then. */
const char *identity_product(const struct identity *i)
{
    if (i->rows || i->marked) {
        return "openbao";
    }
    if (i->table && i->version[0] != '\0' &&
        text_version_compare(i->version, "2") < 0) {
        return "vault";
    }
    return "";
}
