/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/members.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

static const char *const names[MEMBERS] = {
    [MEMBER_META] = "meta.json",
    [MEMBER_STATE] = "state.bin",
    [MEMBER_SUMS] = "SHA256SUMS",
    [MEMBER_SEALED] = "SHA256SUMS.sealed",
};

const char *members_name(enum member member)
{
    return names[member];
}

enum member members_find(const char *name)
{
    enum member m = 0;

    while (m < MEMBERS && strcmp(names[m], name) != 0) {
        m++;
    }
    return m;
}

static int need_number(const struct json *root, const char *key, uint64_t *out,
                       struct error *err)
{
    if (!json_u64(json_get(root, key), out)) {
        return error_set(err, ERR_CORRUPT, "meta.json has no number \"%s\"",
                         key);
    }
    return 0;
}

/* Peers are for people to read: what is odd or too much is left out. */
static int parse_servers(const struct json *servers,
                         struct snapshot_facts *facts, struct error *err)
{
    size_t count = json_count(servers);

    if (json_type(servers) != JSON_ARRAY || count == 0) {
        return 0;
    }
    if (count > LIMIT_SNAPSHOT_SERVERS) {
        count = LIMIT_SNAPSHOT_SERVERS;
    }
    facts->servers = calloc(count, sizeof(*facts->servers));
    if (facts->servers == NULL) {
        return error_memory(err);
    }
    for (const struct json *node = json_first(servers);
         node != NULL && facts->server_count < count; node = json_next(node)) {
        struct snapshot_server *s = &facts->servers[facts->server_count++];

        text_copy(s->id, sizeof(s->id), json_get_text(node, "ID", ""));
        text_copy(s->address, sizeof(s->address),
                  json_get_text(node, "Address", ""));
        s->voter = json_get_u64(node, "Suffrage", 0) == 0;
    }
    return 0;
}

int members_parse_meta(const char *text, size_t len,
                       struct snapshot_facts *facts, struct error *err)
{
    struct json *root = NULL;
    uint64_t version = 0;
    int rc = -1;

    if (json_parse(text, len, &root, err) != 0) {
        if (err != NULL && err->kind != ERR_INTERNAL) {
            err->kind = ERR_CORRUPT;
        }
        return error_prefix(err, "meta.json is not well-formed");
    }
    if (json_type(root) != JSON_OBJECT) {
        error_set(err, ERR_CORRUPT, "meta.json is not a JSON object");
        goto done;
    }
    if (need_number(root, "Version", &version, err) != 0 ||
        need_number(root, "Index", &facts->raft_index, err) != 0 ||
        need_number(root, "Term", &facts->raft_term, err) != 0 ||
        need_number(root, "Size", &facts->state_bytes, err) != 0) {
        goto done;
    }
    if (version != 1) {
        error_set(err, ERR_CORRUPT,
                  "meta.json says snapshot version %" PRIu64
                  ", of which no server is known",
                  version);
        goto done;
    }
    rc = parse_servers(json_get(json_get(root, "Configuration"), "Servers"),
                       facts, err);
done:
    json_free(root);
    return rc;
}

enum { HEX = DIGEST_SHA256_HEX - 1 };

static int parse_line(const char *line, size_t len, struct members_sums *sums,
                      struct error *err)
{
    uint8_t sum[DIGEST_SHA256_SIZE];
    char hex[DIGEST_SHA256_HEX];
    char name[32] = "";
    char *to = NULL;

    if (len <= HEX + 2 || len >= HEX + 2 + sizeof(name) || line[HEX] != ' ' ||
        line[HEX + 1] != ' ' || memchr(line, '\0', len) != NULL) {
        return error_set(err, ERR_CORRUPT, "SHA256SUMS has a malformed line");
    }
    memcpy(hex, line, HEX);
    hex[HEX] = '\0';
    memcpy(name, line + HEX + 2, len - HEX - 2);
    if (!text_unhex(hex, sum, sizeof(sum))) {
        return error_set(err, ERR_CORRUPT, "SHA256SUMS has a malformed line");
    }
    if (strcmp(name, names[MEMBER_META]) == 0) {
        to = sums->meta;
    } else if (strcmp(name, names[MEMBER_STATE]) == 0) {
        to = sums->state;
    } else {
        return error_set(err, ERR_CORRUPT,
                         "SHA256SUMS names a member that is not summed");
    }
    if (to[0] != '\0') {
        return error_set(err, ERR_CORRUPT, "SHA256SUMS has two lines for %s",
                         name);
    }
    text_hex(sum, sizeof(sum), to);
    return 0;
}

int members_parse_sums(const char *text, size_t len, struct members_sums *sums,
                       struct error *err)
{
    struct members_sums found = {"", ""};

    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t line = end != NULL ? (size_t)(end - text) : len;

        if (parse_line(text, line, &found, err) != 0) {
            return -1;
        }
        line += end != NULL;
        text += line;
        len -= line;
    }
    if (found.meta[0] == '\0' || found.state[0] == '\0') {
        return error_set(err, ERR_CORRUPT, "SHA256SUMS has no line for %s",
                         found.meta[0] == '\0' ? names[MEMBER_META]
                                               : names[MEMBER_STATE]);
    }
    *sums = found;
    return 0;
}
