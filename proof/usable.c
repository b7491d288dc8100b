/* SPDX-License-Identifier: Apache-2.0
 *
 * Three questions to the restored copy, each with an answer that Assay knows
 * from elsewhere: does a login work, does the marker hold the nonce of this
 * very backup, and does an old ciphertext, kept outside, still decrypt. */
#include "proof/usable.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "proof/checks.h"
#include "vault/auth.h"

enum { PARTS = 3, SHOWN_MAX = 96 };

struct asking {
    const struct proof_context *c;
    const struct proof_canary *canary;
    struct proof_result *r;
    bool failed;
    char failure[ERROR_TEXT_MAX]; /* the first one's sentence */
    char missing[ERROR_TEXT_MAX]; /* why the first was not asked */
};

static void passed(struct asking *a)
{
    a->r->covered++;
}

static void not_asked(struct asking *a, const char *why)
{
    if (a->missing[0] == '\0')
        (void)text_copy(a->missing, sizeof a->missing,
                        why[0] != '\0' ? why : "nobody said why");
}

/* What is wrong: `found` may be NULL. */
struct fault {
    const char *kind;
    const char *path;
    const char *expected;
    const char *found;
};

static void failed(struct asking *a, const struct fault *f, const char *what)
{
    a->r->covered++;
    proof_find(a->r, f->kind, f->path, f->expected, f->found);
    if (!a->failed)
        (void)text_copy(a->failure, sizeof a->failure, what);
    a->failed = true;
}

/* Whether the copy said no, or did not say anything that counts. */
static bool is_answer(const struct error *err)
{
    return err->status >= 400 && err->kind != ERR_DENIED &&
           err->kind != ERR_UNAVAILABLE;
}

static void path_of(const struct asking *a, const char *rest,
                    char out[VAULT_CANARY_PATH_MAX])
{
    (void)snprintf(out, VAULT_CANARY_PATH_MAX, "%.*s%s",
                   VAULT_CANARY_MOUNT_MAX - 1, a->canary->mount, rest);
}

/* The copy is asked with a login of our own: it has worked, unless the token
 * was made in another way. */
static void ask_login(struct asking *a)
{
    struct vault_token token;
    struct error err = {0};

    if (vault_own_token(a->c->transient, &token, &err) != 0)
        not_asked(a, err.text);
    else if (token.root)
        not_asked(a, "the copy was asked with a root token: whether a login "
                     "works was not seen");
    else
        passed(a);
}

static void ask_marker(struct asking *a)
{
    const struct vault_canary_marker *m = a->canary->marker;
    char found[VAULT_CANARY_NONCE_MAX] = "";
    char path[VAULT_CANARY_PATH_MAX];
    char what[ERROR_TEXT_MAX];
    struct error err = {0};
    int rc;

    if (m->nonce[0] == '\0') {
        not_asked(a, a->canary->marker_problem);
        return;
    }
    path_of(a, "/marker", path);
    rc = vault_canary_read(a->c->transient, a->canary->mount, m->version, found,
                           &err);
    if (rc != 0 && !is_answer(&err)) {
        not_asked(a, err.text);
        return;
    }
    if (rc == 0 && strcmp(found, m->nonce) == 0) {
        passed(a);
        return;
    }
    if (rc == 0)
        (void)snprintf(what, sizeof what,
                       "%s holds another nonce than this backup wrote in "
                       "version %" PRIu64,
                       path, m->version);
    else
        (void)snprintf(what, sizeof what,
                       "%s has lost version %" PRIu64
                       ", which this backup wrote right before it began: "
                       "%.250s",
                       path, m->version, err.text);
    failed(a,
           &(struct fault){"canary_marker", path, m->nonce,
                           found[0] != '\0' ? found : NULL},
           what);
}

static void ask_ciphertext(struct asking *a)
{
    const struct vault_canary_cipher *c = a->canary->cipher;
    const char *before = a->canary->cipher_problem;
    char sha256[DIGEST_SHA256_HEX] = "";
    char path[VAULT_CANARY_PATH_MAX];
    char expected[SHOWN_MAX];
    char found[SHOWN_MAX];
    char what[ERROR_TEXT_MAX];
    struct error err = {0};
    int rc;

    if (c->text[0] == '\0') {
        not_asked(a, before);
        return;
    }
    path_of(a, "-transit/keys/canary", path);
    rc = vault_canary_decrypt(a->c->transient, a->canary->mount, c->text,
                              sha256, &err);
    if (rc != 0 && !is_answer(&err)) {
        not_asked(a, err.text);
        return;
    }
    if (rc == 0 && strcmp(sha256, c->sha256) == 0) {
        passed(a);
        return;
    }
    (void)snprintf(expected, sizeof expected, "sha256 %.64s", c->sha256);
    (void)snprintf(found, sizeof found, "sha256 %.64s", sha256);
    (void)snprintf(what, sizeof what,
                   "%s does not decrypt what it once encrypted (%.160s)%s",
                   path, rc != 0 ? err.text : "it gives something else",
                   before[0] != '\0'
                       ? "; nor did it on the primary when this backup began"
                       : "");
    failed(a,
           &(struct fault){"canary_ciphertext", path, expected,
                           rc == 0 ? found : NULL},
           what);
}

static void conclude(struct asking *a)
{
    if (a->failed)
        proof_say(a->r, PROOF_FAIL, "%s", a->failure);
    else if (a->missing[0] != '\0' || a->r->covered < PARTS)
        proof_say(a->r, PROOF_NOT_RUN, "%d of %d: %.440s", (int)a->r->covered,
                  PARTS, a->missing);
    else
        proof_say(a->r, PROOF_PASS,
                  "the copy takes a login, holds the nonce of this backup, "
                  "and decrypts an old ciphertext");
}

int proof_usable(const struct proof_context *c, struct proof_result *r,
                 struct error *err)
{
    struct asking a = {.c = c, .canary = c->canary, .r = r};

    (void)err;
    if (c->canary == NULL || c->canary->mount == NULL) {
        proof_say(r, PROOF_NOT_RUN, "%s",
                  c->canary != NULL && c->canary->configured
                      ? "a canary is configured, but was not when this "
                        "snapshot was taken"
                      : "no canary is configured");
        return 0;
    }
    r->total = PARTS;
    if (c->transient == NULL) {
        proof_say_no_transient(c, r);
        return 0;
    }
    ask_login(&a);
    ask_marker(&a);
    ask_ciphertext(&a);
    conclude(&a);
    return 0;
}
