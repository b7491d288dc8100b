/* SPDX-License-Identifier: Apache-2.0
 *
 * The server decrypts what sys/raw reads, under whatever keys it has; what it
 * answers is dropped.  Several questions are on the way at once. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "proof/allowed.h"
#include "proof/in_copy.h"
#include "snapshot/barrier.h"
#include "snapshot/cursor.h"
#include "vault/call.h"
#include "vault/sys.h"

#define RAW "sys/raw/"

enum { ASKERS = 8, KEY_MAX = 1024 };

enum answer {
    READ,
    READ_BY_SERVER, /* its own, which it gives to nobody and cannot do without
                     */
    DAMAGED,
    GONE,
    DENIED,
    UNKNOWN,
};

struct reading {
    const struct proof_context *c;
    pthread_mutex_t lock; /* of everything below */
    struct snapshot_cursor *cursor;
    struct proof_result *r;
    uint64_t gone;
    uint64_t unknown;
    bool denied;
    bool over;
    int rc; /* -1: the archive; `err` */
    struct error err;
    char said[ERROR_TEXT_MAX]; /* about the first unknown */
};

/* OpenBao takes an entry that does not decrypt for one of a namespace that is
 * sealed, and answers 503; in the root namespace there is no such thing. */
static enum answer understand(const char *path, const struct error *err)
{
    if (err->kind == ERR_DENIED)
        return DENIED;
    if (err->kind == ERR_NOT_FOUND)
        return GONE;
    if (strstr(err->text, "message authentication failed") != NULL ||
        strstr(err->text, "no decryption key available") != NULL ||
        (strstr(err->text, "namespace is sealed") != NULL &&
         !text_starts(path, RAW "namespaces/")))
        return DAMAGED;
    return strstr(err->text, "cannot access \"") != NULL ||
                   strstr(err->text, "cannot read \"") != NULL
               ? READ_BY_SERVER
               : UNKNOWN;
}

static enum answer ask(const struct proof_context *c, const char *path,
                       struct error *err)
{
    const struct vault_request request = {
        .method = "GET",
        .path = path,
        .query = "encoding=base64&compressed=false",
        .namespace = "",
        .cancel = c->cancel,
    };

    return vault_call(c->transient, &request, NULL, err) == 0
               ? READ
               : understand(path, err);
}

/* Under the lock. */
static void count(struct reading *g, const char *key, enum answer answer,
                  const struct error *err)
{
    switch (answer) {
    case READ:
    case READ_BY_SERVER:
        g->r->covered++;
        break;
    case DAMAGED:
        g->r->covered++;
        proof_find(g->r, "entry_damaged", key, NULL, "does not decrypt");
        break;
    case GONE:
        if (allowed_find(ALLOWED_REMOVED, key, strlen(key)) != NULL) {
            g->gone++;
            break;
        }
        /* fall through */
    case UNKNOWN:
        if (g->unknown++ == 0)
            (void)snprintf(g->said, sizeof g->said, "%.200s: %.300s", key,
                           err->text);
        break;
    case DENIED:
        g->denied = true;
        g->over = true;
        break;
    }
}

/* Under the lock: the next key that the barrier protects, as text.  False
 * when there is none. */
static bool next_key(struct reading *g, char path[KEY_MAX])
{
    const struct snapshot_entry *e = NULL;

    while (!g->over) {
        g->rc = snapshot_cursor_next(g->cursor, &e, &g->err);
        if (g->rc != 0 || e == NULL || cancelled(g->c->cancel)) {
            g->over = true;
            break;
        }
        if (barrier_place(e->key, e->key_len) != BARRIER_INSIDE)
            continue;
        g->r->total++;
        if (e->key_len < KEY_MAX - sizeof RAW &&
            memchr(e->key, '\0', e->key_len) == NULL) {
            memcpy(path, RAW, sizeof RAW - 1);
            memcpy(path + sizeof RAW - 1, e->key, e->key_len);
            path[sizeof RAW - 1 + e->key_len] = '\0';
            return true;
        }
        if (g->unknown++ == 0)
            (void)snprintf(g->said, sizeof g->said,
                           "a key that cannot be asked for");
    }
    return false;
}

static void *asker(void *arg)
{
    struct reading *g = arg;
    char path[KEY_MAX];

    (void)pthread_mutex_lock(&g->lock);
    while (next_key(g, path)) {
        enum answer answer;
        struct error err;

        (void)pthread_mutex_unlock(&g->lock);
        error_clear(&err);
        answer = ask(g->c, path, &err);
        (void)pthread_mutex_lock(&g->lock);
        count(g, path + sizeof RAW - 1, answer, &err);
    }
    (void)pthread_mutex_unlock(&g->lock);
    return NULL;
}

static int ask_all(struct reading *g, struct error *err)
{
    pthread_t threads[ASKERS];
    size_t started = 0;

    while (started < ASKERS &&
           pthread_create(&threads[started], NULL, asker, g) == 0)
        started++;
    if (started == 0)
        return error_set(err, ERR_INTERNAL, "cannot start a thread");
    while (started > 0)
        (void)pthread_join(threads[--started], NULL);
    if (cancelled(g->c->cancel))
        return error_set(err, ERR_CANCELLED, "cancelled");
    if (g->rc != 0)
        *err = g->err;
    return g->rc;
}

/* Then what it said about single entries means nothing. */
static bool is_sealed(const struct reading *g)
{
    struct vault_seal seal;
    struct error ignored;

    return vault_seal_status(g->c->transient, &seal, &ignored) != 0 ||
           seal.sealed;
}

static void judge(const struct reading *g, struct proof_result *r)
{
    if (r->findings_total > 0 && is_sealed(g)) {
        proof_result_done(r);
        r->findings_total = 0;
        r->covered = 0;
        proof_say(r, PROOF_NOT_RUN,
                  "the restored copy sealed itself, or died, while it was "
                  "asked");
    } else if (g->denied) {
        r->covered = 0;
        proof_say(r, PROOF_NOT_RUN,
                  "the restored copy could not be asked: the policy of assay "
                  "in the snapshot must allow read and sudo on sys/raw/* "
                  "(`assay policy raw`), which the primary does not serve");
    } else if (r->findings_total > 0) {
        proof_say(r, PROOF_FAIL,
                  "%" PRIu64 " of %" PRIu64 " entries do not decrypt in the "
                  "restored copy; the first: %s",
                  r->findings_total, r->total,
                  r->findings_count > 0 ? r->findings[0].path : "?");
    } else if (g->unknown > 0) {
        proof_say(r, PROOF_NOT_RUN,
                  "the restored copy decrypted %" PRIu64 " of %" PRIu64
                  " entries; %" PRIu64 " could not be asked for (%s)",
                  r->covered, r->total, g->unknown, g->said);
    } else {
        proof_say(r, PROOF_PASS,
                  "the restored copy decrypted %" PRIu64 " of %" PRIu64
                  " entries; %" PRIu64 " were gone by themselves",
                  r->covered, r->total, g->gone);
    }
}

int proof_in_copy_decryptable(const struct proof_context *c,
                              struct proof_result *r, struct error *err)
{
    struct reading g = {.c = c, .r = r};
    struct source archive;
    int rc = -1;

    if (c->open_archive(c->archive_ctx, &archive, err) != 0)
        return -1;
    (void)pthread_mutex_init(&g.lock, NULL);
    g.cursor = snapshot_cursor_new(&archive, NULL);
    if (g.cursor == NULL)
        error_memory(err);
    else
        rc = ask_all(&g, err);
    snapshot_cursor_free(g.cursor);
    c->close_archive(c->archive_ctx, &archive);
    (void)pthread_mutex_destroy(&g.lock);
    if (rc == 0)
        judge(&g, r);
    return rc;
}
