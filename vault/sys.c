/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/sys.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "vault/call.h"
#include "vault/send.h"

enum {
    INIT_TIMEOUT_MS = 60 * 1000, /* the first election may take ten seconds */
    UNSEAL_TIMEOUT_MS = 60 * 1000,
    ROOT_TOKEN_MAX = 128,
};

/* One POST of a small object, whose text may be a secret. */
static int post(struct vault *v, const char *path, struct buf *body,
                struct json **answer, struct error *err)
{
    struct exchange x = {.method = "POST",
                         .path = path,
                         .body = buf_text(body),
                         .timeout_ms = UNSEAL_TIMEOUT_MS};

    if (buf_check(body, "a request", err) != 0)
        return -1;
    return send_simple(v, &x, answer, err);
}

static int take_secret(const char *text, char **out, struct error *err)
{
    if (text[0] == '\0')
        return error_set(err, ERR_UPSTREAM, "the server gave no key or token");
    *out = secret_dup(text);
    if (*out == NULL)
        return error_set(err, ERR_INTERNAL, "no secret memory is left");
    return 0;
}

static int read_keys(const struct json *answer, bool recovery,
                     struct vault_keys *out, struct error *err)
{
    const struct json *keys =
        json_get(answer, recovery ? "recovery_keys_base64" : "keys_base64");

    for (const struct json *k = json_first(keys);
         k != NULL && out->count < VAULT_SHARES_MAX; k = json_next(k)) {
        if (take_secret(json_text(k, ""), &out->share[out->count], err) != 0)
            return -1;
        out->count++;
    }
    return take_secret(json_get_text(answer, "root_token", ""),
                       &out->root_token, err);
}

int vault_init(struct vault *v, const struct vault_init_options *o,
               struct vault_keys *out, struct error *err)
{
    struct exchange x = {
        .method = "POST", .path = "sys/init", .timeout_ms = INIT_TIMEOUT_MS};
    struct vault_keys keys = {.count = 0};
    struct json *answer = NULL;
    struct buf body;
    struct jsonw w;
    int rc = -1;

    assert(v != NULL && o != NULL && out != NULL);
    buf_init(&body, 256);
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_u64(&w, o->recovery ? "recovery_shares" : "secret_shares", o->shares);
    jsonw_u64(&w, o->recovery ? "recovery_threshold" : "secret_threshold",
              o->threshold);
    jsonw_end_object(&w);
    x.body = buf_text(&body);
    if (buf_check(&body, "a request", err) != 0 ||
        send_simple(v, &x, &answer, err) != 0 ||
        read_keys(answer, o->recovery, &keys, err) != 0)
        goto done;
    if (!o->recovery && keys.count < o->threshold) {
        (void)error_set(err, ERR_UPSTREAM,
                        "the server gave %zu key shares, and wants %u of them",
                        keys.count, o->threshold);
        goto done;
    }
    *out = keys;
    rc = 0;
done:
    if (rc != 0)
        vault_keys_done(&keys);
    json_free(answer);
    buf_done(&body);
    return rc;
}

void vault_keys_done(struct vault_keys *k)
{
    for (size_t i = 0; i < k->count; i++)
        secret_free(k->share[i]);
    secret_free(k->root_token);
    memset(k, 0, sizeof *k);
}

static void read_seal(const struct json *a, struct vault_seal *out)
{
    memset(out, 0, sizeof *out);
    out->initialized = json_get_bool(a, "initialized", false);
    out->sealed = json_get_bool(a, "sealed", true);
    out->threshold = (unsigned)json_get_u64(a, "t", 0);
    out->shares = (unsigned)json_get_u64(a, "n", 0);
    out->progress = (unsigned)json_get_u64(a, "progress", 0);
    out->recovery_seal = json_get_bool(a, "recovery_seal", false);
    (void)text_copy(out->type, sizeof out->type, json_get_text(a, "type", ""));
    (void)text_copy(out->cluster_id, sizeof out->cluster_id,
                    json_get_text(a, "cluster_id", ""));
}

int vault_seal_status(struct vault *v, struct vault_seal *out,
                      struct error *err)
{
    struct exchange x = {.method = "GET",
                         .path = "sys/seal-status",
                         .timeout_ms = QUICK_TIMEOUT_MS};
    struct json *answer = NULL;

    assert(v != NULL && out != NULL);
    if (send_simple(v, &x, &answer, err) != 0)
        return -1;
    read_seal(answer, out);
    json_free(answer);
    return 0;
}

static int post_unseal(struct vault *v, struct buf *body,
                       struct vault_seal *out, struct error *err)
{
    struct json *answer = NULL;
    struct error why;

    error_clear(&why);
    if (post(v, "sys/unseal", body, &answer, &why) != 0) {
        if (why.status == 400)
            why.kind = ERR_INVALID;
        if (err != NULL)
            *err = why;
        return -1;
    }
    read_seal(answer, out);
    json_free(answer);
    return 0;
}

int vault_unseal(struct vault *v, const char *share, struct vault_seal *out,
                 struct error *err)
{
    struct buf body;
    struct jsonw w;
    int rc;

    assert(v != NULL && share != NULL && out != NULL);
    buf_init_secret(&body, 4096);
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "key", share);
    jsonw_end_object(&w);
    rc = post_unseal(v, &body, out, err);
    buf_done(&body);
    return rc;
}

int vault_unseal_reset(struct vault *v, struct vault_seal *out,
                       struct error *err)
{
    struct buf body;
    int rc;

    assert(v != NULL && out != NULL);
    buf_init(&body, 64);
    buf_str(&body, "{\"reset\":true}");
    rc = post_unseal(v, &body, out, err);
    buf_done(&body);
    return rc;
}

/* The server hides the token by XOR with a pad that it gave us before. */
static int reveal(const char *encoded, const char *pad, char **token,
                  struct error *err)
{
    char bytes[ROOT_TOKEN_MAX];
    size_t len = 0;
    int rc = -1;

    if (!text_unbase64(encoded, bytes, sizeof bytes, &len) || len == 0 ||
        len != strlen(pad)) {
        (void)error_set(err, ERR_UPSTREAM, "the root token cannot be decoded");
        goto done;
    }
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(bytes[i] ^ pad[i]);
    *token = secret_new(bytes, len);
    if (*token == NULL)
        (void)error_set(err, ERR_INTERNAL, "no secret memory is left");
    else
        rc = 0;
done:
    secret_wipe(bytes, sizeof bytes);
    return rc;
}

/* Give one share; *done is set, and *token, with the last. */
static int root_share(struct vault *v, const char *share,
                      const struct json *attempt, char **token,
                      struct error *err)
{
    struct json *answer = NULL;
    struct buf body;
    struct jsonw w;
    int rc = -1;

    buf_init_secret(&body, 4096);
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "key", share);
    jsonw_text(&w, "nonce", json_get_text(attempt, "nonce", ""));
    jsonw_end_object(&w);
    if (post(v, "sys/generate-root/update", &body, &answer, err) != 0)
        goto done;
    rc = 0;
    if (json_get_bool(answer, "complete", false))
        rc = reveal(json_get_text(answer, "encoded_token", ""),
                    json_get_text(attempt, "otp", ""), token, err);
done:
    json_free(answer);
    buf_done(&body);
    return rc;
}

/* One that was begun and not finished, by an earlier try of ours, would have
 * the next one refused.  Where there is none, or it is not offered, nothing
 * happens. */
static void forget_root_attempt(struct vault *v)
{
    const struct exchange x = {.method = "DELETE",
                               .path = "sys/generate-root/attempt",
                               .timeout_ms = QUICK_TIMEOUT_MS};
    struct json *answer = NULL;
    struct error ignored;

    if (send_simple(v, &x, &answer, &ignored) == 0)
        json_free(answer);
}

int vault_generate_root(struct vault *v, const char *const *shares,
                        size_t count, char **token, struct error *err)
{
    struct json *attempt = NULL;
    struct buf body;
    char *found = NULL;
    int rc = -1;

    assert(v != NULL && shares != NULL && token != NULL);
    buf_init(&body, 16);
    buf_str(&body, "{}");
    forget_root_attempt(v);
    if (post(v, "sys/generate-root/attempt", &body, &attempt, err) != 0)
        goto done;
    for (size_t i = 0; i < count && found == NULL; i++) {
        if (root_share(v, shares[i], attempt, &found, err) != 0)
            goto done;
    }
    if (found == NULL) {
        (void)error_set(err, ERR_INVALID,
                        "%zu key shares are too few for a root token", count);
        goto done;
    }
    *token = found;
    rc = 0;
done:
    if (rc != 0 && attempt != NULL)
        forget_root_attempt(v);
    json_free(attempt);
    buf_done(&body);
    return rc;
}

int vault_token_revoke(struct vault *v, const char *token, struct error *err)
{
    return vault_call(v,
                      &(struct vault_request){
                          .method = "POST",
                          .path = "auth/token/revoke-self",
                          .body = "{}",
                          .token = token,
                      },
                      NULL, err);
}
