/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/unseal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cipher.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "snapshot/barrier.h"
#include "snapshot/blob.h"
#include "snapshot/shamir.h"
#include "snapshot/span.h"

enum { SHARE_MAX = 64, KEY_NAME_MAX = 128 };

struct unseal {
    struct unseal_config config;
    bool has_config;
    struct buf root_blob;     /* core/hsm/barrier-unseal-keys */
    struct buf keyring_value; /* core/keyring */
    struct cipher *kek;
    size_t terms_count;
    struct unseal_term terms[LIMIT_KEY_TERMS];
    char *keys; /* secret; CIPHER_KEY_SIZE bytes for each of terms[] */
};

struct unseal *unseal_new(void)
{
    struct unseal *u = calloc(1, sizeof(*u));

    if (u != NULL) {
        buf_init(&u->root_blob, LIMIT_SNAPSHOT_MEMBER);
        buf_init(&u->keyring_value, LIMIT_SNAPSHOT_MEMBER);
    }
    return u;
}

void unseal_free(struct unseal *u)
{
    if (u != NULL) {
        buf_done(&u->root_blob);
        buf_done(&u->keyring_value);
        cipher_free(u->kek);
        secret_free(u->keys);
        free(u);
    }
}

static bool key_is(const struct snapshot_entry *entry, const char *key)
{
    return entry->key_len == strlen(key) &&
           memcmp(entry->key, key, entry->key_len) == 0;
}

/* What is odd in it is left as if it were not there. */
static void read_config(struct unseal *u, const struct snapshot_entry *entry)
{
    struct json *root = NULL;
    struct error ignored;

    if (json_parse((const char *)entry->value, entry->value_len, &root,
                   &ignored) != 0) {
        return;
    }
    u->has_config = true;
    text_copy(u->config.type, sizeof(u->config.type),
              json_get_text(root, "type", ""));
    u->config.shares = json_get_u64(root, "secret_shares", 0);
    u->config.threshold = json_get_u64(root, "secret_threshold", 0);
    json_free(root);
}

static int keep(struct buf *to, const struct snapshot_entry *entry,
                struct error *err)
{
    buf_clear(to);
    buf_add(to, entry->value, entry->value_len);
    return buf_check(to, "the keyring", err);
}

int unseal_entry(struct unseal *u, const struct snapshot_entry *entry,
                 struct error *err)
{
    if (key_is(entry, UNSEAL_CONFIG_KEY)) {
        read_config(u, entry);
    } else if (key_is(entry, UNSEAL_ROOT_KEY)) {
        return keep(&u->root_blob, entry, err);
    } else if (key_is(entry, UNSEAL_KEYRING_KEY)) {
        return keep(&u->keyring_value, entry, err);
    }
    return 0;
}

int unseal_blob(const struct unseal *u, struct span blob, struct buf *plain,
                bool *ok, struct error *err)
{
    if (u->kek == NULL) {
        *ok = false;
        return 0;
    }
    return blob_open(u->kek, blob, plain, ok, err);
}

/* A JSON array whose first item is the root key in base64. */
static bool parse_root(const struct buf *plain, uint8_t key[CIPHER_KEY_SIZE])
{
    struct json *root = NULL;
    struct error ignored;
    size_t len = 0;
    bool ok = false;

    if (json_parse(buf_text(plain), plain->len, &root, &ignored) == 0) {
        ok = json_type(root) == JSON_ARRAY &&
             text_unbase64(json_text(json_first(root), ""), key,
                           CIPHER_KEY_SIZE, &len) &&
             len == CIPHER_KEY_SIZE;
    }
    json_free(root);
    return ok;
}

static bool add_term(struct unseal *u, const struct json *node)
{
    uint8_t *key = (uint8_t *)u->keys + u->terms_count * CIPHER_KEY_SIZE;
    struct unseal_term *term = &u->terms[u->terms_count];
    uint64_t number = 0;
    size_t len = 0;

    if (!json_u64(json_get(node, "Term"), &number) || number > UINT32_MAX ||
        !text_unbase64(json_get_text(node, "Value", ""), key, CIPHER_KEY_SIZE,
                       &len) ||
        len != CIPHER_KEY_SIZE) {
        return false;
    }
    term->term = (uint32_t)number;
    if (!text_rfc3339_ms(json_get_text(node, "InstallTime", ""),
                         &term->installed_ms)) {
        term->installed_ms = 0;
    }
    u->terms_count++;
    return true;
}

static void swap_terms(struct unseal *u, size_t a, size_t b)
{
    uint8_t *keys = (uint8_t *)u->keys;
    struct unseal_term term = u->terms[a];

    u->terms[a] = u->terms[b];
    u->terms[b] = term;
    for (size_t n = 0; n < CIPHER_KEY_SIZE; n++) {
        uint8_t byte = keys[a * CIPHER_KEY_SIZE + n];

        keys[a * CIPHER_KEY_SIZE + n] = keys[b * CIPHER_KEY_SIZE + n];
        keys[b * CIPHER_KEY_SIZE + n] = byte;
    }
}

/* Go writes a map's values in any order. */
static void sort_terms(struct unseal *u)
{
    for (size_t i = 1; i < u->terms_count; i++) {
        for (size_t k = i; k > 0 && u->terms[k].term < u->terms[k - 1].term;
             k--) {
            swap_terms(u, k, k - 1);
        }
    }
}

static bool parse_keyring(struct unseal *u, const struct buf *plain)
{
    char nothing[LIMIT_KEY_TERMS * CIPHER_KEY_SIZE] = {0};
    const struct json *node = NULL;
    struct json *root = NULL;
    struct error ignored;
    size_t count = 0;
    bool ok = false;

    if (json_parse(buf_text(plain), plain->len, &root, &ignored) != 0) {
        return false;
    }
    count = json_count(json_get(root, "Keys"));
    if (count == 0 || count > LIMIT_KEY_TERMS) {
        goto done;
    }
    u->keys = secret_new(nothing, count * CIPHER_KEY_SIZE);
    if (u->keys == NULL) {
        goto done;
    }
    for (node = json_first(json_get(root, "Keys")); node != NULL;
         node = json_next(node)) {
        if (!add_term(u, node)) {
            goto done;
        }
    }
    sort_terms(u);
    ok = true;
done:
    json_free(root);
    return ok;
}

/* From the value of core/keyring to the keys in it. */
static bool open_keyring(struct unseal *u, const uint8_t root[CIPHER_KEY_SIZE])
{
    const struct snapshot_entry entry = {
        .key = (const uint8_t *)UNSEAL_KEYRING_KEY,
        .key_len = strlen(UNSEAL_KEYRING_KEY),
        .value = (const uint8_t *)buf_text(&u->keyring_value),
        .value_len = u->keyring_value.len,
    };
    struct cipher *cipher = cipher_new(root);
    struct cipher_text text;
    struct buf plain;
    void *room = NULL;
    bool ok = false;

    buf_init_secret(&plain, LIMIT_SNAPSHOT_MEMBER);
    if (cipher != NULL && barrier_text(&entry, &text)) {
        room = buf_reserve(&plain, text.len);
    }
    if (room != NULL && cipher_open(cipher, &text, room)) {
        buf_claim(&plain, text.len - CIPHER_TAG_SIZE);
        ok = parse_keyring(u, &plain);
    }
    buf_done(&plain);
    cipher_free(cipher);
    return ok;
}

/* Try one candidate.  It is right if it opens the root key's entry. */
static enum unseal_outcome try_kek(struct unseal *u, const uint8_t *kek)
{
    const struct span blob = {(const uint8_t *)buf_text(&u->root_blob),
                              u->root_blob.len};
    uint8_t root[CIPHER_KEY_SIZE];
    enum unseal_outcome outcome = UNSEAL_WRONG;
    struct error ignored;
    struct buf plain;
    bool ok = false;

    cipher_free(u->kek);
    u->kek = cipher_new(kek);
    if (u->kek == NULL) {
        return UNSEAL_UNSUPPORTED;
    }
    buf_init_secret(&plain, LIMIT_SNAPSHOT_MEMBER);
    if (blob_open(u->kek, blob, &plain, &ok, &ignored) == 0 && ok) {
        outcome = parse_root(&plain, root) && open_keyring(u, root)
                      ? UNSEAL_OPENED
                      : UNSEAL_BROKEN_KEYRING;
    }
    secret_wipe(root, sizeof(root));
    buf_done(&plain);
    return outcome;
}

static bool decode(const char *text, uint8_t out[SHARE_MAX], size_t *len)
{
    size_t digits = strlen(text);

    /* 32 or 33 bytes in hex are longer than in base64. */
    if (digits >= 2 * (size_t)CIPHER_KEY_SIZE && digits / 2 <= SHARE_MAX &&
        text_unhex(text, out, digits / 2)) {
        *len = digits / 2;
        return true;
    }
    return text_unbase64(text, out, SHARE_MAX, len);
}

static enum unseal_outcome combine(struct unseal *u,
                                   const struct shamir_share *shares,
                                   size_t count, struct error *why)
{
    uint8_t kek[SHARE_MAX];
    enum unseal_outcome outcome = UNSEAL_WRONG;

    /* A key that is not split is its own only share. */
    for (size_t n = 0; n < count && outcome == UNSEAL_WRONG; n++) {
        if (shares[n].len == CIPHER_KEY_SIZE) {
            outcome = try_kek(u, shares[n].bytes);
        }
    }
    if (outcome == UNSEAL_WRONG && shares[0].len == CIPHER_KEY_SIZE + 1 &&
        shamir_combine(shares, count, kek, why) == 0) {
        outcome = try_kek(u, kek);
    }
    secret_wipe(kek, sizeof(kek));
    return outcome;
}

/* The shares as bytes, combined; `why` is filled only for what is wrong with
 * them by themselves. */
static enum unseal_outcome open_with(struct unseal *u,
                                     const char *const *shares, size_t count,
                                     struct error *why)
{
    struct shamir_share list[SHAMIR_SHARES_MAX];
    uint8_t(*bytes)[SHARE_MAX] = calloc(count, sizeof(*bytes));
    enum unseal_outcome outcome = UNSEAL_WRONG;

    if (bytes == NULL) {
        error_memory(why);
        return UNSEAL_UNSUPPORTED;
    }
    for (size_t n = 0; n < count; n++) {
        list[n].bytes = bytes[n];
        if (!decode(shares[n], bytes[n], &list[n].len) || list[n].len < 2) {
            error_set(why, ERR_INVALID, "key share %zu is not a share", n + 1);
            goto done;
        }
    }
    outcome = combine(u, list, count, why);
done:
    secret_wipe(bytes, count * sizeof(*bytes));
    free(bytes);
    return outcome;
}

static int check_entries(const struct unseal *u, struct error *why)
{
    if (u->root_blob.len != 0 && u->keyring_value.len != 0) {
        return 0;
    }
    return error_set(
        why, ERR_INVALID,
        "the archive has no %s: it is of a server older than any that is "
        "supported",
        u->root_blob.len == 0 ? UNSEAL_ROOT_KEY : UNSEAL_KEYRING_KEY);
}

static enum unseal_outcome check_seal(const struct unseal *u, size_t count,
                                      struct error *why)
{
    const struct unseal_config *c = &u->config;

    if (!u->has_config) {
        error_set(why, ERR_INVALID,
                  "the archive says nothing about its seal (no %s): it was "
                  "not made by a server that has been initialised",
                  UNSEAL_CONFIG_KEY);
        return UNSEAL_UNSUPPORTED;
    }
    if (strcmp(c->type, UNSEAL_STATIC) == 0) {
        error_set(why, ERR_INVALID,
                  "the cluster is sealed by a static key: give the file that "
                  "holds it");
        return UNSEAL_AUTO;
    }
    if (strcmp(c->type, "shamir") != 0) {
        error_set(why, ERR_INVALID,
                  "the cluster is sealed by \"%s\", not by key shares: only "
                  "that service can open the archive",
                  text_is_token(c->type) ? c->type : "?");
        return UNSEAL_AUTO;
    }
    if (check_entries(u, why) != 0) {
        return UNSEAL_UNSUPPORTED;
    }
    if (count < c->threshold || count == 0) {
        error_set(why, ERR_INVALID,
                  "%zu of the %" PRIu64 " key shares that are needed %s "
                  "given (the key is split into %" PRIu64 ")",
                  count, c->threshold, count == 1 ? "is" : "are", c->shares);
        return UNSEAL_TOO_FEW;
    }
    return UNSEAL_OPENED;
}

/* Forget what the last try left. */
static void start_over(struct unseal *u)
{
    cipher_free(u->kek);
    u->kek = NULL;
    secret_free(u->keys);
    u->keys = NULL;
    u->terms_count = 0;
}

enum unseal_outcome unseal_open(struct unseal *u, const char *const *shares,
                                size_t count, struct error *why)
{
    enum unseal_outcome outcome = UNSEAL_WRONG;

    assert(count <= SHAMIR_SHARES_MAX);
    start_over(u);
    error_clear(why);
    outcome = check_seal(u, count, why);
    if (outcome == UNSEAL_OPENED) {
        outcome = open_with(u, shares, count, why);
    }
    if (outcome == UNSEAL_WRONG && why->kind == ERR_NONE) {
        error_set(why, ERR_INVALID,
                  "the key shares do not open this archive: they are of "
                  "another cluster, or a rekey has replaced them since, or "
                  "one of them is mistyped (%" PRIu64 " of %" PRIu64
                  " are needed)",
                  u->config.threshold, u->config.shares);
    } else if (outcome == UNSEAL_BROKEN_KEYRING) {
        error_set(why, ERR_CORRUPT,
                  "the key shares are right, but the keys inside the archive "
                  "are damaged: nothing in it can be read");
    }
    return outcome;
}

enum unseal_outcome unseal_open_static(struct unseal *u,
                                       const struct unseal_keys *keys,
                                       struct error *why)
{
    const struct span blob = {(const uint8_t *)buf_text(&u->root_blob),
                              u->root_blob.len};
    enum unseal_outcome outcome = UNSEAL_WRONG;
    char name[KEY_NAME_MAX];

    assert(keys->count > 0 && strcmp(u->config.type, UNSEAL_STATIC) == 0);
    error_clear(why);
    if (check_entries(u, why) != 0) {
        return UNSEAL_UNSUPPORTED;
    }
    for (size_t n = 0; n < keys->count && outcome == UNSEAL_WRONG; n++) {
        outcome = try_kek(u, keys->keys + n * CIPHER_KEY_SIZE);
    }
    blob_key_name(blob, name, sizeof(name));
    if (outcome == UNSEAL_WRONG) {
        error_set(why, ERR_INVALID,
                  "none of the static keys opens this archive%s%s%s",
                  name[0] != '\0' ? ": it was sealed with the one whose "
                                    "current_key_id was \""
                                  : "",
                  name, name[0] != '\0' ? "\"" : "");
    } else if (outcome == UNSEAL_BROKEN_KEYRING) {
        error_set(why, ERR_CORRUPT,
                  "the static key is right, but the keys inside the archive "
                  "are damaged: nothing in it can be read");
    }
    return outcome;
}

const struct unseal_config *unseal_config(const struct unseal *u)
{
    return &u->config;
}

size_t unseal_terms(const struct unseal *u, const struct unseal_term **terms)
{
    *terms = u->terms;
    return u->terms_count;
}

const uint8_t *unseal_term_key(const struct unseal *u, size_t i)
{
    assert(i < u->terms_count);
    return (const uint8_t *)u->keys + i * CIPHER_KEY_SIZE;
}
