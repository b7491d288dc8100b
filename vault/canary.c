/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/canary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "vault/call.h"
#include "vault/canary_paths.h"

enum {
    TIMEOUT_MS = 5 * 1000,
    BODY_MAX = 1024,
    QUERY_MAX = 32,
    NONCE_SIZE = 16,
    PLAIN_MAX = 256,
};

#define READ "\"read\""
#define UPDATE "\"update\""
#define WRITE "\"create\", \"update\", \"read\""

struct need {
    enum canary_path path;
    const char *capabilities;
    const char *why;
};

static const struct need daemon_needs[] = {
    {CANARY_MARKER, WRITE,
     "written before each backup, read back in the restored copy"},
    {CANARY_CIPHERTEXT, READ, "an old ciphertext, which setup has left"},
    {CANARY_DECRYPT, UPDATE, "whether it still decrypts, here and in the copy"},
};

static const struct need operator_needs[] = {
    {CANARY_KV_MOUNT, WRITE, "the mount of the marker"},
    {CANARY_MARKER_METADATA, WRITE, "how many versions of it are kept"},
    {CANARY_TRANSIT_MOUNT, WRITE, "the mount of the key"},
    {CANARY_KEY, WRITE, "the key"},
    {CANARY_ENCRYPT, UPDATE, "make the ciphertext"},
    {CANARY_CIPHERTEXT, WRITE, "and keep it"},
    {CANARY_DECRYPT, UPDATE, "see that it decrypts"},
};

static const struct {
    const char *before, *after;
} paths[] = {
    [CANARY_MARKER] = {"", "/data/marker"},
    [CANARY_MARKER_METADATA] = {"", "/metadata/marker"},
    [CANARY_CIPHERTEXT] = {"", "/data/ciphertext"},
    [CANARY_DECRYPT] = {"", "-transit/decrypt/canary"},
    [CANARY_ENCRYPT] = {"", "-transit/encrypt/canary"},
    [CANARY_KEY] = {"", "-transit/keys/canary"},
    [CANARY_KV_MOUNT] = {"sys/mounts/", ""},
    [CANARY_TRANSIT_MOUNT] = {"sys/mounts/", "-transit"},
};

void canary_path(enum canary_path path, const char *mount,
                 char out[VAULT_CANARY_PATH_MAX])
{
    (void)snprintf(out, VAULT_CANARY_PATH_MAX, "%s%.*s%s", paths[path].before,
                   VAULT_CANARY_MOUNT_MAX - 1, mount, paths[path].after);
}

bool vault_canary_need(enum vault_canary_who who, size_t i, const char *mount,
                       struct vault_canary_need *out)
{
    const struct need *needs =
        who == VAULT_CANARY_DAEMON ? daemon_needs : operator_needs;
    size_t count = who == VAULT_CANARY_DAEMON
                       ? sizeof daemon_needs / sizeof daemon_needs[0]
                       : sizeof operator_needs / sizeof operator_needs[0];

    if (i >= count)
        return false;
    canary_path(needs[i].path, mount, out->path);
    out->capabilities = needs[i].capabilities;
    out->why = needs[i].why;
    return true;
}

/* "permission denied" helps nobody: the line does. */
static int say_denied(enum vault_canary_who who, const char *path,
                      const char *mount, struct error *err)
{
    struct vault_canary_need need;

    for (size_t i = 0; vault_canary_need(who, i, mount, &need); i++) {
        if (strcmp(need.path, path) != 0)
            continue;
        (void)error_set(err, ERR_DENIED,
                        "403 for %s: the policy lacks: path \"%s\" { "
                        "capabilities = [%s] }",
                        path, path, need.capabilities);
        err->status = 403;
        break;
    }
    return -1;
}

int canary_call(struct vault *v, const struct canary_call *call,
                struct json **answer, struct error *err)
{
    char path[VAULT_CANARY_PATH_MAX];
    struct error why = {0};
    struct vault_request request = {
        .method = call->body != NULL ? "POST" : "GET",
        .path = path,
        .query = call->query,
        .body = call->body,
        .timeout_ms = TIMEOUT_MS,
    };

    canary_path(call->path, call->mount, path);
    if (vault_call(v, &request, answer, &why) == 0)
        return 0;
    if (why.kind == ERR_DENIED)
        (void)say_denied(call->who, path, call->mount, &why);
    if (err != NULL)
        *err = why;
    return -1;
}

/* {"data":{…}}, which the caller fills and ends. */
static void begin_secret(struct jsonw *w, struct buf *body)
{
    buf_init(body, BODY_MAX);
    jsonw_init(w, body);
    jsonw_object(w, NULL);
    jsonw_object(w, "data");
}

static int end_secret(struct jsonw *w, const struct buf *body,
                      struct error *err)
{
    jsonw_end_object(w);
    jsonw_end_object(w);
    return buf_check(body, "a canary", err);
}

int vault_canary_write(struct vault *v, const char *mount, const char *snapshot,
                       struct vault_canary_marker *out, struct error *err)
{
    struct vault_canary_marker m = {0};
    struct json *answer = NULL;
    uint8_t random[NONCE_SIZE];
    struct buf body;
    struct jsonw w;
    int rc = -1;

    digest_random(random, sizeof random);
    text_hex(random, sizeof random, m.nonce);
    begin_secret(&w, &body);
    jsonw_text(&w, "nonce", m.nonce);
    jsonw_text(&w, "snapshot", snapshot);
    jsonw_time(&w, "written_at", clock_now_ms());
    if (end_secret(&w, &body, err) != 0)
        goto done;
    const struct canary_call call = {
        .path = CANARY_MARKER, .mount = mount, .body = buf_text(&body)};
    if (canary_call(v, &call, &answer, err) != 0)
        goto done;
    if (!json_u64(json_get(json_get(answer, "data"), "version"), &m.version)) {
        (void)error_set(err, ERR_UPSTREAM,
                        "%s/ is no KV store of version 2: see `assay canary "
                        "setup`",
                        mount);
        goto done;
    }
    *out = m;
    rc = 0;
done:
    json_free(answer);
    buf_done(&body);
    return rc;
}

int vault_canary_read(struct vault *v, const char *mount, uint64_t version,
                      char nonce[VAULT_CANARY_NONCE_MAX], struct error *err)
{
    char query[QUERY_MAX];
    const struct canary_call call = {
        .path = CANARY_MARKER, .mount = mount, .query = query};
    struct json *answer = NULL;
    const struct json *secret;

    (void)snprintf(query, sizeof query, "version=%" PRIu64, version);
    if (canary_call(v, &call, &answer, err) != 0)
        return -1;
    secret = json_get(json_get(answer, "data"), "data");
    /* One that does not fit is not ours, cut or not. */
    (void)text_copy(nonce, VAULT_CANARY_NONCE_MAX,
                    json_get_text(secret, "nonce", ""));
    json_free(answer);
    return 0;
}

static bool read_cipher(const struct json *secret,
                        struct vault_canary_cipher *out)
{
    const char *text = json_get_text(secret, "ciphertext", "");
    const char *sum = json_get_text(secret, "plaintext_sha256", "");
    uint8_t raw[DIGEST_SHA256_SIZE];

    if (text[0] == '\0' || !text_is_token(text) ||
        !text_unhex(sum, raw, sizeof raw))
        return false;
    text_hex(raw, sizeof raw, out->sha256);
    return text_copy(out->text, sizeof out->text, text);
}

int vault_canary_cipher(struct vault *v, const char *mount,
                        struct vault_canary_cipher *out, struct error *err)
{
    const struct canary_call call = {.path = CANARY_CIPHERTEXT, .mount = mount};
    struct vault_canary_cipher cipher = {0};
    struct json *answer = NULL;
    bool good;

    if (canary_call(v, &call, &answer, err) != 0)
        return -1;
    good = read_cipher(json_get(json_get(answer, "data"), "data"), &cipher);
    json_free(answer);
    if (!good)
        return error_set(err, ERR_CORRUPT,
                         "%s/ciphertext is not what `assay canary setup` "
                         "leaves there",
                         mount);
    *out = cipher;
    return 0;
}

int vault_canary_decrypt(struct vault *v, const char *mount,
                         const char *ciphertext, char sha256[DIGEST_SHA256_HEX],
                         struct error *err)
{
    struct json *answer = NULL;
    uint8_t plain[PLAIN_MAX];
    size_t len = 0;
    struct buf body;
    struct jsonw w;
    int rc = -1;

    buf_init(&body, BODY_MAX);
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "ciphertext", ciphertext);
    jsonw_end_object(&w);
    const struct canary_call call = {
        .path = CANARY_DECRYPT, .mount = mount, .body = buf_text(&body)};
    if (buf_check(&body, "a canary", err) != 0 ||
        canary_call(v, &call, &answer, err) != 0)
        goto done;
    if (!text_unbase64(
            json_get_text(json_get(answer, "data"), "plaintext", "?"), plain,
            sizeof plain, &len)) {
        (void)error_set(err, ERR_UPSTREAM,
                        "%s-transit/ gives back no plaintext of ours", mount);
        goto done;
    }
    digest_sha256_hex(plain, len, sha256);
    rc = 0;
done:
    json_free(answer);
    buf_done(&body);
    return rc;
}
