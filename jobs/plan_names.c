/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/plan_names.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "vault/call.h"

static struct json *ask(struct vault *leader, const char *method,
                        const char *path, bool *refused)
{
    const struct vault_request request = {
        .method = method, .path = path, .namespace = ""};
    struct json *answer = NULL;
    struct error why = {0};

    if (vault_call(leader, &request, &answer, &why) == 0)
        return answer;
    *refused = *refused || why.kind == ERR_DENIED;
    return NULL;
}

void plan_names_load(struct plan_names *n, struct vault *leader)
{
    bool ignored = false;

    n->mounts = ask(leader, "GET", "sys/mounts", &n->refused);
    n->methods = ask(leader, "GET", "sys/auth", &n->refused);
    n->namespaces = ask(leader, "LIST", "sys/namespaces", &ignored);
}

void plan_names_done(struct plan_names *n)
{
    json_free(n->mounts);
    json_free(n->methods);
    json_free(n->namespaces);
    *n = (struct plan_names){.mounts = NULL};
}

/* The member of `list` with that uuid: its key; or NULL. */
static const char *named(const struct json *list, const char *uuid)
{
    for (const struct json *m = json_first(list); m != NULL; m = json_next(m))
        if (strcmp(json_get_text(m, "uuid", ""), uuid) == 0)
            return json_key(m);
    return NULL;
}

static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

static void in_namespace(const struct plan_names *n, const char *uuid,
                         char *out, size_t size)
{
    const struct json *info =
        json_get(json_get(n->namespaces, "data"), "key_info");
    const char *name = named(info, uuid);

    snprintf(out, size, "namespace %s", name != NULL ? name : uuid);
}

void plan_names_text(const struct plan_names *n,
                     const struct plan_loss_group *group, char *out,
                     size_t size)
{
    const char *prefix = group->prefix;
    const char *slash = strchr(prefix, '/');
    const char *uuid = slash == NULL ? "" : slash + 1;
    const char *name = NULL;

    if (group->space[0] != '\0')
        in_namespace(n, group->space, out, size);
    else if (text_starts(prefix, "logical/") &&
             (name = named(json_get(n->mounts, "data"), uuid)) != NULL)
        text_copy(out, size, name);
    else if (text_starts(prefix, "auth/") &&
             (name = named(json_get(n->methods, "data"), uuid)) != NULL)
        snprintf(out, size, "auth/%s", name);
    else if (strcmp(prefix, "sys/policy") == 0)
        text_copy(out, size, "policies");
    else if (text_starts(prefix, "core/"))
        text_copy(out, size, "tables of mounts and methods");
    else
        text_copy(out, size, prefix);
    make_printable(out);
}

/* What every server has by itself. */
static bool is_built_in(const char *type)
{
    static const char *const types[] = {"system", "identity", "cubbyhole",
                                        "token", "agent_registry"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i], type) == 0 ||
            (text_starts(type, "ns_") && strcmp(types[i], type + 3) == 0))
            return true;
    return false;
}

void plan_names_engines(const struct plan_names *n, char *out, size_t size)
{
    const struct json *list = json_get(n->mounts, "data");
    size_t len = 0;

    out[0] = '\0';
    for (const struct json *m = json_first(list); m != NULL; m = json_next(m)) {
        const char *path = json_key(m);
        size_t more = strlen(path) + (len == 0 ? 0 : 2);

        if (is_built_in(json_get_text(m, "type", "")))
            continue;
        if (len + more + sizeof(", …") > size) {
            snprintf(out + len, size - len, ", …");
            break;
        }
        len += (size_t)snprintf(out + len, size - len, "%s%s",
                                len == 0 ? "" : ", ", path);
    }
    for (char *c = out; *c != '\0'; c++)
        if (*c > 0 && *c < ' ')
            *c = '?';
}
