/* SPDX-License-Identifier: Apache-2.0
 *
 * The nodes of a cluster, put together from three answers that a policy may
 * refuse one by one. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "vault/call.h"
#include "vault/internal.h"
#include "vault/send.h"
#include "vault/status.h"

/* 1: *answer is there; 0: not allowed (or not offered); -1: no answer. */
static int ask(struct vault *v, const char *path, struct json **answer,
               struct error *err)
{
    struct error why;
    int rc;

    error_clear(&why);
    rc = vault_call(v,
                    &(struct vault_request){.method = "GET",
                                            .path = path,
                                            .namespace = "",
                                            .timeout_ms = QUICK_TIMEOUT_MS},
                    answer, &why);
    if (rc == 0)
        return 1;
    if (why.status == 403 || why.status == 404 || why.status == 405)
        return 0;
    if (err != NULL)
        *err = why;
    return -1;
}

static void copy(char *dst, size_t size, const struct json *o, const char *key)
{
    (void)text_copy(dst, size, json_get_text(o, key, ""));
}

/* By raft address, which all three answers give in some form; a new row if
 * it is not there yet, NULL when there are too many. */
static struct vault_node *row(struct vault_nodes *out, const char *address)
{
    struct vault_node *n;

    for (size_t i = 0; i < out->count; i++) {
        if (strcmp(out->node[i].address, address) == 0)
            return &out->node[i];
    }
    if (out->count == VAULT_NODES_MAX || address[0] == '\0')
        return NULL;
    n = &out->node[out->count++];
    (void)text_copy(n->address, sizeof n->address, address);
    return n;
}

static void read_configuration(const struct json *answer,
                               struct vault_nodes *out)
{
    const struct json *servers =
        json_get(json_get(json_get(answer, "data"), "config"), "servers");

    for (const struct json *s = json_first(servers); s != NULL;
         s = json_next(s)) {
        struct vault_node *n = row(out, json_get_text(s, "address", ""));

        if (n == NULL)
            continue;
        copy(n->id, sizeof n->id, s, "node_id");
        n->leader = json_get_bool(s, "leader", false);
        n->voter = json_get_bool(s, "voter", false);
    }
}

static void read_autopilot(const struct json *answer, struct vault_nodes *out)
{
    const struct json *data = json_get(answer, "data");

    out->healthy = json_get_bool(data, "healthy", false) ? VAULT_YES : VAULT_NO;
    out->failure_tolerance = (int)json_get_i64(data, "failure_tolerance", 0);
    for (const struct json *s = json_first(json_get(data, "servers"));
         s != NULL; s = json_next(s)) {
        struct vault_node *n = row(out, json_get_text(s, "address", ""));
        const char *status = json_get_text(s, "status", "");

        if (n == NULL)
            continue;
        copy(n->id, sizeof n->id, s, "id");
        n->healthy = json_get_bool(s, "healthy", false) ? VAULT_YES : VAULT_NO;
        n->last_index = json_get_u64(s, "last_index", 0);
        n->leader = n->leader || strcmp(status, "leader") == 0;
        n->voter = n->voter || n->leader || strcmp(status, "voter") == 0;
    }
}

static void read_ha(struct vault *v, const struct json *answer,
                    struct vault_nodes *out)
{
    const struct json *nodes = json_get(json_get(answer, "data"), "nodes");

    for (const struct json *s = json_first(nodes); s != NULL;
         s = json_next(s)) {
        const char *address = json_get_text(s, "cluster_address", "");
        const char *api = json_get_text(s, "api_address", "");
        struct vault_node *n;

        if (text_starts(address, "https://"))
            address += strlen("https://");
        cluster_learn(v, api);
        n = row(out, address);
        if (n == NULL)
            continue;
        (void)text_copy(n->api_address, sizeof n->api_address, api);
        n->leader = n->leader || json_get_bool(s, "active_node", false);
    }
}

int vault_nodes_get(struct vault *v, struct vault_nodes *out, struct error *err)
{
    struct json *answer = NULL;
    int rc;

    assert(v != NULL && out != NULL);
    memset(out, 0, sizeof *out);
    rc = ask(v, "sys/storage/raft/configuration", &answer, err);
    if (rc < 0)
        return -1;
    out->peers_allowed = rc == 1;
    read_configuration(answer, out);
    json_free(answer);
    answer = NULL;
    rc = ask(v, "sys/storage/raft/autopilot/state", &answer, err);
    if (rc < 0)
        return -1;
    out->autopilot_allowed = rc == 1;
    if (rc == 1)
        read_autopilot(answer, out);
    json_free(answer);
    answer = NULL;
    rc = ask(v, "sys/ha-status", &answer, err);
    if (rc < 0)
        return -1;
    out->ha_allowed = rc == 1;
    read_ha(v, answer, out);
    json_free(answer);
    return 0;
}
