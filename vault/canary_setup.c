/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/canary_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "vault/canary_paths.h"

enum {
    BODY_MAX = 1024,
    PLAIN_SIZE = 32,
    TEXT_MAX = 256,
    READY_MS = 15 * 1000, /* a new KV store sets itself up first */
    READY_EVERY_MS = 200,
};

struct setup {
    struct vault *vault;
    const struct vault_canary_setup *o;
};

static void say(const struct setup *s, bool made, const char *suffix,
                const char *what)
{
    char text[TEXT_MAX];

    if (s->o->said == NULL)
        return;
    (void)snprintf(text, sizeof text, "%.*s%s (%s)", VAULT_CANARY_MOUNT_MAX - 1,
                   s->o->mount, suffix, what);
    s->o->said(s->o->ctx, text, made);
}

static int get(const struct setup *s, enum canary_path path,
               struct json **answer, struct error *err)
{
    const struct canary_call call = {
        .who = VAULT_CANARY_OPERATOR, .path = path, .mount = s->o->mount};

    return canary_call(s->vault, &call, answer, err);
}

static int post(const struct setup *s, enum canary_path path, const char *body,
                struct json **answer, struct error *err)
{
    const struct canary_call call = {.who = VAULT_CANARY_OPERATOR,
                                     .path = path,
                                     .mount = s->o->mount,
                                     .body = body};

    return canary_call(s->vault, &call, answer, err);
}

/* What a mount must be. */
struct wanted {
    enum canary_path path;
    const char *suffix; /* of the mount's name */
    const char *type;
    const char *version; /* of a KV; NULL: any */
    const char *what;
    const char *body;
};

static const struct wanted kv = {
    .path = CANARY_KV_MOUNT,
    .suffix = "/",
    .type = "kv",
    .version = "2",
    .what = "KV store of version 2",
    .body = "{\"type\":\"kv\",\"options\":{\"version\":\"2\"},"
            "\"description\":\"canaries of Assay: no secrets\"}",
};

static const struct wanted transit = {
    .path = CANARY_TRANSIT_MOUNT,
    .suffix = "-transit/",
    .type = "transit",
    .what = "transit engine",
    .body = "{\"type\":\"transit\",\"description\":\"canaries of Assay: "
            "nothing else uses it\"}",
};

static int check_mount(const struct setup *s, const struct wanted *m,
                       const struct json *answer, struct error *err)
{
    const struct json *data = json_get(answer, "data");
    const char *type = json_get_text(data, "type", "");
    const char *version =
        json_get_text(json_get(data, "options"), "version", "1");

    if (strcmp(type, m->type) == 0 &&
        (m->version == NULL || strcmp(version, m->version) == 0))
        return 0;
    return error_set(err, ERR_CONFLICT,
                     "%s%s is there already and is no %s: choose another "
                     "canary.mount",
                     s->o->mount, m->suffix, m->what);
}

static int ensure_mount(const struct setup *s, const struct wanted *m,
                        struct error *err)
{
    struct json *answer = NULL;
    struct error why = {0};
    bool made = false;
    int rc;

    rc = get(s, m->path, &answer, &why);
    if (rc == 0) {
        rc = check_mount(s, m, answer, err);
    } else if (why.status == 400 || why.status == 404) {
        /* Both products say 400 for a mount that is not there. */
        rc = post(s, m->path, m->body, NULL, err);
        made = true;
    } else {
        *err = why;
    }
    json_free(answer);
    if (rc == 0)
        say(s, made, m->suffix, m->what);
    return rc;
}

/* While a new KV store upgrades itself, it refuses with 400. */
static int get_when_ready(const struct setup *s, enum canary_path path,
                          struct json **answer, struct error *err)
{
    int64_t end = clock_mono_ms() + READY_MS;

    while (get(s, path, answer, err) != 0) {
        if (err->status != 400 || clock_mono_ms() >= end)
            return -1;
        clock_sleep_ms(READY_EVERY_MS);
    }
    return 0;
}

static int ensure_marker(const struct setup *s, struct error *err)
{
    struct json *answer = NULL;
    struct error why = {0};
    char body[TEXT_MAX];
    bool made = false;
    uint64_t keeps = 0;
    int rc = get_when_ready(s, CANARY_MARKER_METADATA, &answer, &why);

    if (rc == 0)
        keeps = json_get_u64(json_get(answer, "data"), "max_versions", 0);
    json_free(answer);
    if (rc != 0 && why.kind != ERR_NOT_FOUND) {
        *err = why;
        return -1;
    }
    if (keeps != VAULT_CANARY_VERSIONS) {
        (void)snprintf(body, sizeof body, "{\"max_versions\":%d}",
                       VAULT_CANARY_VERSIONS);
        if (post(s, CANARY_MARKER_METADATA, body, NULL, err) != 0)
            return -1;
        made = true;
    }
    say(s, made, "/marker", "each backup writes a nonce there");
    return 0;
}

static int ensure_key(const struct setup *s, struct error *err)
{
    struct error why = {0};
    bool made = false;

    if (get(s, CANARY_KEY, NULL, &why) != 0) {
        if (why.kind != ERR_NOT_FOUND) {
            *err = why;
            return -1;
        }
        if (post(s, CANARY_KEY, "{\"type\":\"aes256-gcm96\"}", NULL, err) != 0)
            return -1;
        made = true;
    }
    say(s, made, "-transit/keys/canary", "a key that is never exported");
    return 0;
}

/* Something random through transit, which nobody keeps in the clear. */
static int encrypt(const struct setup *s, struct vault_canary_cipher *out,
                   struct error *err)
{
    uint8_t plain[PLAIN_SIZE];
    struct json *answer = NULL;
    char *base64 = NULL;
    char *body = NULL;
    int rc = -1;

    digest_random(plain, sizeof plain);
    digest_sha256_hex(plain, sizeof plain, out->sha256);
    base64 = text_base64(plain, sizeof plain);
    if (base64 != NULL)
        body = text_format("{\"plaintext\":\"%s\"}", base64);
    if (body == NULL) {
        (void)error_memory(err);
        goto done;
    }
    if (post(s, CANARY_ENCRYPT, body, &answer, err) != 0)
        goto done;
    if (!text_copy(out->text, sizeof out->text,
                   json_get_text(json_get(answer, "data"), "ciphertext", "")) ||
        !text_is_token(out->text) || out->text[0] == '\0') {
        (void)error_set(err, ERR_UPSTREAM,
                        "%s-transit/ gives back no ciphertext", s->o->mount);
        goto done;
    }
    rc = 0;
done:
    json_free(answer);
    free(body);
    free(base64);
    return rc;
}

static int keep(const struct setup *s, const struct vault_canary_cipher *cipher,
                struct error *err)
{
    struct buf body;
    struct jsonw w;
    int rc;

    buf_init(&body, BODY_MAX);
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_object(&w, "data");
    jsonw_text(&w, "ciphertext", cipher->text);
    jsonw_text(&w, "plaintext_sha256", cipher->sha256);
    jsonw_time(&w, "made_at", clock_now_ms());
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    rc = buf_check(&body, "a canary", err);
    if (rc == 0)
        rc = post(s, CANARY_CIPHERTEXT, buf_text(&body), NULL, err);
    buf_done(&body);
    return rc;
}

static int decrypts(const struct setup *s,
                    const struct vault_canary_cipher *cipher, struct error *err)
{
    char sha256[DIGEST_SHA256_HEX];

    if (vault_canary_decrypt(s->vault, s->o->mount, cipher->text, sha256,
                             err) != 0)
        return -1;
    if (strcmp(sha256, cipher->sha256) != 0)
        return error_set(err, ERR_CORRUPT, "it decrypts to something else");
    return 0;
}

/* One that is there is never replaced unasked: that it is old is the point,
 * and one that does not decrypt says that a key was lost. */
static int ensure_ciphertext(const struct setup *s, struct error *err)
{
    struct vault_canary_cipher cipher = {0};
    struct error why = {0};
    int rc = vault_canary_cipher(s->vault, s->o->mount, &cipher, &why);
    bool made = false;

    if (rc != 0 && why.kind != ERR_NOT_FOUND &&
        !(why.kind == ERR_CORRUPT && s->o->renew)) {
        *err = why;
        return -1;
    }
    if (rc != 0 || s->o->renew) {
        made = true;
        if (encrypt(s, &cipher, err) != 0 || keep(s, &cipher, err) != 0)
            return -1;
    }
    if (decrypts(s, &cipher, &why) != 0) {
        if (why.kind == ERR_DENIED || why.kind == ERR_UNAVAILABLE) {
            *err = why;
            return -1;
        }
        return error_set(err, ERR_PRECONDITION,
                         "%s/ciphertext does not decrypt any more (%.200s): "
                         "what else was encrypted under a lost key is lost, "
                         "too; -renew makes a new one",
                         s->o->mount, why.text);
    }
    say(s, made, "/ciphertext", "made with that key, and it decrypts");
    return 0;
}

int vault_canary_setup(struct vault *v, const struct vault_canary_setup *o,
                       struct error *err)
{
    const struct setup s = {.vault = v, .o = o};
    struct error own = {0};

    if (err == NULL)
        err = &own;
    if (ensure_mount(&s, &kv, err) != 0 || ensure_marker(&s, err) != 0 ||
        ensure_mount(&s, &transit, err) != 0 || ensure_key(&s, err) != 0)
        return -1;
    return ensure_ciphertext(&s, err);
}
