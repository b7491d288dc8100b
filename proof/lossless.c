/* SPDX-License-Identifier: Apache-2.0
 *
 * Both archives stream: one from storage, the other from the restored copy
 * through a socket pair that a thread fills, so that nothing is stored and
 * memory stays constant whatever the size. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "proof/allowed.h"
#include "proof/checks.h"
#include "snapshot/compare.h"
#include "vault/raft.h"

#define STORED "the stored archive"
#define COPY "the snapshot of the restored copy"

enum { ROWS_MAX = 64, KEY_TEXT_MAX = 512, LOOKS = 3, AGAIN_MS = 2000 };

/* The thread that takes the snapshot back. */
struct taking {
    struct vault *vault;
    struct cancel stop; /* set when nobody reads any more */
    int fd;             /* its end of the pair */
    int rc;
    struct error err;
};

/* The differences so far. */
struct judgement {
    const struct proof_context *c;
    struct proof_result *r;
    struct proof_result waiting; /* allowed only with removed tokens */
    uint64_t counts[ROWS_MAX];   /* by row of the table */
    uint64_t allowed;
    uint64_t tokens_removed;
};

static int send_all(void *ctx, const void *data, size_t len, struct error *err)
{
    const struct taking *t = ctx;
    const char *p = data;

    while (len > 0) {
        ssize_t n = send(t->fd, p, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, ERR_IO, "the comparison stopped");
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static void *take(void *arg)
{
    struct taking *t = arg;
    const struct sink sink = {.write = send_all, .ctx = t};
    struct vault_snapshot_info info;

    t->rc = vault_snapshot_take(t->vault, &sink, &t->stop, &info, &t->err);
    (void)shutdown(t->fd, SHUT_WR);
    return NULL;
}

static int receive(void *ctx, void *data, size_t size, size_t *len,
                   struct error *err)
{
    const int *fd = ctx;
    ssize_t n;

    do {
        n = recv(*fd, data, size, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, ERR_IO, "cannot read %s", COPY);
    *len = (size_t)n;
    return 0;
}

/* A key need not be text. */
static void print_key(const struct snapshot_change *change,
                      char out[KEY_TEXT_MAX])
{
    size_t used = 0;
    size_t i;

    for (i = 0; i < change->key_len && used < KEY_TEXT_MAX - 8; i++) {
        unsigned char c = change->key[i];

        if (c >= 0x20 && c < 0x7f)
            out[used++] = (char)c;
        else
            used +=
                (size_t)snprintf(out + used, KEY_TEXT_MAX - used, "\\x%02x", c);
    }
    out[used] = '\0';
    if (i < change->key_len)
        memcpy(out + used, "...", 4);
}

static void add_finding(struct proof_result *r,
                        const struct snapshot_change *change)
{
    static const char *const kinds[] = {
        [SNAPSHOT_ADDED] = "entry_added",
        [SNAPSHOT_REMOVED] = "entry_missing",
        [SNAPSHOT_CHANGED] = "entry_changed",
    };
    char path[KEY_TEXT_MAX], left[32], right[32];

    print_key(change, path);
    (void)snprintf(left, sizeof left, "%" PRIu64 " bytes", change->left_size);
    (void)snprintf(right, sizeof right, "%" PRIu64 " bytes",
                   change->right_size);
    proof_find(r, kinds[change->kind], path,
               change->kind == SNAPSHOT_ADDED ? NULL : left,
               change->kind == SNAPSHOT_REMOVED ? NULL : right);
}

static bool holds(const struct judgement *j, const struct allowed_row *row)
{
    const struct proof_context *c = j->c;

    switch (row->when) {
    case ALLOWED_ALWAYS:
    case ALLOWED_WITH_TOKENS:
        return true;
    case ALLOWED_NEWER_SERVER:
        /* An older one would not have been started. */
        return strcmp(c->server_version, c->transient_version) != 0;
    case ALLOWED_UNDECLARED:
        return strcmp(c->product, "openbao") == 0 && !c->audit_declared;
    case ALLOWED_SERVICE_LOGIN:
        return !c->batch_login;
    }
    return false;
}

static void judge(void *ctx, const struct snapshot_change *change)
{
    static const enum allowed_change kinds[] = {
        [SNAPSHOT_ADDED] = ALLOWED_ADDED,
        [SNAPSHOT_REMOVED] = ALLOWED_REMOVED,
        [SNAPSHOT_CHANGED] = ALLOWED_CHANGED,
    };
    struct judgement *j = ctx;
    const struct allowed_row *row =
        allowed_find(kinds[change->kind], change->key, change->key_len);
    uint64_t *count;

    if (row == NULL || !holds(j, row)) {
        add_finding(j->r, change);
        return;
    }
    count = &j->counts[row - allowed_at(0)];
    (*count)++;
    if (row->when == ALLOWED_WITH_TOKENS) {
        add_finding(&j->waiting, change);
        return;
    }
    if (row->limit > 0 && *count > row->limit) {
        add_finding(j->r, change);
        return;
    }
    j->allowed++;
    if (change->kind == SNAPSHOT_REMOVED &&
        strcmp(row->pattern, "sys/token/id/*") == 0)
        j->tokens_removed++;
}

/* Keys come in order, and these before the tokens they belong to. */
static void settle_waiting(struct judgement *j)
{
    const struct allowed_row *row;
    bool too_many = false;
    uint64_t total = 0;
    size_t i;

    for (i = 0; (row = allowed_at(i)) != NULL; i++) {
        if (row->when != ALLOWED_WITH_TOKENS)
            continue;
        total += j->counts[i];
        too_many |= j->counts[i] > row->limit * j->tokens_removed;
    }
    if (!too_many) {
        j->allowed += total;
        return;
    }
    for (i = 0; i < j->waiting.findings_count; i++) {
        const struct proof_finding *f = &j->waiting.findings[i];

        proof_find(j->r, f->kind, f->path, f->expected, f->found);
    }
    j->r->findings_total += total - j->waiting.findings_count;
}

/* "; 3 expired leases" for every row that deserves a word. */
static void note_rows(const struct judgement *j, char *out, size_t size)
{
    const struct allowed_row *row;
    size_t used = 0;
    size_t i;

    out[0] = '\0';
    for (i = 0; (row = allowed_at(i)) != NULL; i++) {
        int n;

        if (row->noted == NULL || j->counts[i] == 0)
            continue;
        n = snprintf(out + used, size - used, "; %" PRIu64 " %s", j->counts[i],
                     row->noted);
        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
    }
}

static void conclude(struct judgement *j, const struct snapshot_comparison *sum)
{
    struct proof_result *r = j->r;
    char notes[ERROR_TEXT_MAX / 2];

    settle_waiting(j);
    note_rows(j, notes, sizeof notes);
    r->covered = sum->left_entries;
    r->total = sum->left_entries;
    if (r->findings_total > 0)
        proof_say(r, PROOF_FAIL,
                  "%" PRIu64 " of %" PRIu64 " entries are not what they "
                  "were after the restore; the first: %s",
                  r->findings_total, sum->left_entries,
                  r->findings_count > 0 ? r->findings[0].path : "?");
    else
        proof_say(r, PROOF_PASS,
                  "compared %" PRIu64 " of %" PRIu64 " entries; %" PRIu64
                  " changes that a healthy server makes by itself%s",
                  sum->left_entries, sum->left_entries, j->allowed, notes);
}

/* What a broken comparison found means nothing. */
static void forget_findings(struct proof_result *r)
{
    proof_result_done(r);
    r->findings_total = 0;
}

/* Neither side of the comparison is to blame for the other's failure. */
static int judge_failure(const struct proof_context *c, const struct taking *t,
                         struct proof_result *r, struct error *err)
{
    if (cancelled(c->cancel))
        return error_set(err, ERR_CANCELLED, "cancelled");
    if (err->kind == ERR_CORRUPT && text_starts(err->text, STORED)) {
        proof_say(r, PROOF_FAIL, "%s", err->text);
        return 0;
    }
    if (t->rc != 0 && t->err.kind == ERR_DENIED) {
        proof_say(r, PROOF_NOT_RUN,
                  "no snapshot can be taken back from the restored copy: %s; "
                  "the policy of assay in the snapshot must allow read on "
                  "sys/storage/raft/snapshot",
                  t->err.text);
        return 0;
    }
    if (t->rc != 0 || err->kind == ERR_CORRUPT) {
        proof_say(r, PROOF_NOT_RUN,
                  "no snapshot can be taken back from the restored copy: %s",
                  t->rc != 0 ? t->err.text : err->text);
        return 0;
    }
    return -1;
}

/* Between the thread that takes and the archive that is open. */
static int compare(const struct proof_context *c, const struct source *archive,
                   struct proof_result *r, struct error *err)
{
    struct judgement j = {.c = c, .r = r};
    const struct snapshot_compare_options options = {
        .changed = judge,
        .ctx = &j,
        .cancel = c->cancel,
        .left_name = STORED,
        .right_name = COPY,
    };
    struct taking t = {.vault = c->transient};
    struct snapshot_comparison sum;
    int pair[2];
    struct source copy = {.read = receive, .ctx = &pair[0], .size = UINT64_MAX};
    pthread_t thread;
    int rc;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot make a socket pair");
    t.fd = pair[1];
    rc = pthread_create(&thread, NULL, take, &t);
    if (rc != 0) {
        (void)close(pair[0]);
        (void)close(pair[1]);
        errno = rc;
        return error_errno(err, ERR_INTERNAL, "cannot start a thread");
    }
    rc = snapshot_compare(archive, &copy, &options, &sum, err);
    atomic_store(&t.stop.requested, true);
    (void)shutdown(pair[0], SHUT_RDWR);
    (void)pthread_join(thread, NULL);
    (void)close(pair[0]);
    (void)close(pair[1]);
    if (rc == 0 && t.rc == 0) {
        conclude(&j, &sum);
    } else {
        forget_findings(r);
        rc = judge_failure(c, &t, r, err);
    }
    proof_result_done(&j.waiting);
    return rc;
}

static int look(const struct proof_context *c, struct proof_result *r,
                struct error *err)
{
    struct source archive;
    int rc;

    if (c->open_archive(c->archive_ctx, &archive, err) != 0) {
        if (err->kind != ERR_NOT_FOUND)
            return -1;
        proof_say(r, PROOF_FAIL, "the archive is not where it was stored");
        return 0;
    }
    rc = compare(c, &archive, r, err);
    c->close_archive(c->archive_ctx, &archive);
    return rc;
}

/* What expires is revoked in steps, the first of which changes its entry:
 * seen between two of them, that is no loss.  A loss stays one. */
int proof_lossless(const struct proof_context *c, struct proof_result *r,
                   struct error *err)
{
    int looks = 0;

    if (c->transient == NULL) {
        proof_say_no_transient(c, r);
        return 0;
    }
    for (;;) {
        if (look(c, r, err) != 0)
            return -1;
        if (r->findings_total == 0 || ++looks == LOOKS || cancelled(c->cancel))
            return 0;
        forget_findings(r);
        clock_sleep_ms(AGAIN_MS);
    }
}
