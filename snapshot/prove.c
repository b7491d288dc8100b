/* SPDX-License-Identifier: Apache-2.0
 *
 * Two readings: the keyring comes early in the order of keys, but not first,
 * and what comes before it (auth/…) may be of any size. */
#include "snapshot/prove.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "snapshot/cursor.h"
#include "snapshot/cursor_sums.h"
#include "snapshot/opener.h"
#include "snapshot/prove_pool.h"
#include "snapshot/prove_tally.h"

enum { THREADS_MAX = 16 };

struct prove {
    const struct source *archive;
    const struct snapshot_prove_options *options;
    struct snapshot_proof *proof;
    struct unseal *unseal;
    struct opener *opener; /* for the entries that are read, too */
    struct prove_tally *tally;
    struct prove_pool *pool;
};

const char *snapshot_fault_text(enum snapshot_fault fault)
{
    static const char *const texts[] = {
        [SNAPSHOT_FAULT_DAMAGED] = "entry_damaged",
        [SNAPSHOT_FAULT_UNKNOWN_TERM] = "entry_unknown_term",
        [SNAPSHOT_FAULT_NOT_SEALED] = "entry_not_sealed",
    };

    return texts[fault];
}

void snapshot_proof_init(struct snapshot_proof *proof)
{
    memset(proof, 0, sizeof(*proof));
    contents_init(&proof->contents);
    snapshot_facts_init(&proof->facts);
}

void snapshot_proof_done(struct snapshot_proof *proof)
{
    for (size_t n = 0; n < proof->fault_rows_count; n++) {
        free(proof->fault_rows[n].key);
    }
    free(proof->fault_rows);
    contents_done(&proof->contents);
    snapshot_facts_done(&proof->facts);
    snapshot_proof_init(proof);
}

static int check_cancel(const struct prove *p, struct error *err)
{
    if (cancelled(p->options->cancel)) {
        return error_set(err, ERR_CANCELLED,
                         "proving the archive was cancelled");
    }
    return 0;
}

static bool past(const struct snapshot_entry *entry, const char *key)
{
    size_t len = strlen(key);
    size_t least = len < entry->key_len ? len : entry->key_len;
    int order = memcmp(entry->key, key, least);

    return order > 0 || (order == 0 && entry->key_len > len);
}

/* The first reading: up to the last of the keys that unseal. */
static int read_keyring(struct prove *p, struct error *err)
{
    struct snapshot_cursor *cursor = snapshot_cursor_new(p->archive, NULL);
    const struct snapshot_entry *entry = NULL;
    int rc = -1;

    if (cursor == NULL) {
        return error_memory(err);
    }
    for (;;) {
        if (check_cancel(p, err) != 0 ||
            snapshot_cursor_next(cursor, &entry, err) != 0) {
            goto done;
        }
        if (entry == NULL || past(entry, UNSEAL_CONFIG_KEY)) {
            break;
        }
        if (unseal_entry(p->unseal, entry, err) != 0) {
            goto done;
        }
    }
    rc = 0;
done:
    snapshot_cursor_free(cursor);
    return rc;
}

static int is_fault(void *ctx, enum snapshot_fault fault,
                    const struct snapshot_entry *entry, struct error *err)
{
    struct prove *p = ctx;

    switch (barrier_place(entry->key, entry->key_len)) {
    case BARRIER_CLEAR:
        p->proof->clear++;
        return 0;
    case BARRIER_SEALED: /* opened, or we would not be here */
        p->proof->verified++;
        return 0;
    case BARRIER_INSIDE:
        break;
    }
    return prove_tally_fault(p->tally, fault, entry, err);
}

/* A table of the server's, whose names are wanted: opened here. */
static int read_table(struct prove *p, const struct snapshot_entry *entry,
                      struct error *err)
{
    enum snapshot_fault fault = SNAPSHOT_FAULT_DAMAGED;
    struct snapshot_entry plain;
    int rc = 0;

    switch (opener_open(p->opener, entry, &fault, &plain)) {
    case OPENER_FAULT:
        return is_fault(p, fault, entry, err);
    case OPENER_NO_MEMORY:
        return error_memory(err);
    case OPENER_OPENED:
        break;
    }
    p->proof->verified++;
    rc = contents_add(&p->proof->contents, &plain, err);
    opener_wipe(p->opener);
    return rc;
}

static int take_entry(struct prove *p, const struct snapshot_entry *entry,
                      struct error *err)
{
    if (prove_tally_key(p->tally, entry->key, entry->key_len, err) != 0 ||
        contents_add_key(&p->proof->contents, entry->key, entry->key_len,
                         err) != 0) {
        return -1;
    }
    return contents_wants(entry->key, entry->key_len)
               ? read_table(p, entry, err)
               : prove_pool_give(p->pool, entry, err);
}

/* Everything else follows from this one: the sums in the archive match its
 * content (or it would not be intact), and these are the cluster's own. */
static int judge_sums(struct prove *p, const struct snapshot_cursor *cursor,
                      bool *opens, struct error *err)
{
    struct members_sums sums;
    struct members_sums sealed_sums;
    struct error ignored;
    struct span sealed;
    struct buf plain;
    int rc = -1;

    buf_init_secret(&plain, LIMIT_SNAPSHOT_MEMBER);
    snapshot_cursor_sums(cursor, &sums, &sealed);
    if (unseal_blob(p->unseal, sealed, &plain, opens, err) != 0) {
        goto done;
    }
    if (!*opens) {
        p->proof->sums = SNAPSHOT_SUMS_UNREADABLE;
    } else if (members_parse_sums(buf_text(&plain), plain.len, &sealed_sums,
                                  &ignored) != 0 ||
               strcmp(sums.meta, sealed_sums.meta) != 0 ||
               strcmp(sums.state, sealed_sums.state) != 0) {
        p->proof->sums = SNAPSHOT_SUMS_DIFFER;
    } else {
        p->proof->sums = SNAPSHOT_SUMS_AUTHENTIC;
    }
    rc = 0;
done:
    buf_done(&plain);
    return rc;
}

/* The second reading, to the end.  With a pool, every entry goes through it;
 * without, only the sums are looked at. */
static int read_all(struct prove *p, bool *opens, struct error *err)
{
    const struct snapshot_reader_options options = {
        .digest_archive = p->options->digest_archive,
        .prefixes = p->options->prefixes,
        .helper_thread = sysconf(_SC_NPROCESSORS_ONLN) > 1,
    };
    struct snapshot_cursor *cursor = snapshot_cursor_new(p->archive, &options);
    const struct snapshot_entry *entry = NULL;
    int rc = -1;

    if (cursor == NULL) {
        return error_memory(err);
    }
    for (;;) {
        if (check_cancel(p, err) != 0 ||
            snapshot_cursor_next(cursor, &entry, err) != 0) {
            goto done;
        }
        if (entry == NULL) {
            break;
        }
        if (p->pool != NULL && take_entry(p, entry, err) != 0) {
            goto done;
        }
    }
    if (judge_sums(p, cursor, opens, err) != 0) {
        goto done;
    }
    snapshot_cursor_take_facts(cursor, &p->proof->facts);
    rc = 0;
done:
    snapshot_cursor_free(cursor);
    return rc;
}

static int copy_terms(struct prove *p, struct error *err)
{
    struct contents *c = &p->proof->contents;
    const struct unseal_term *terms = NULL;
    size_t count = unseal_terms(p->unseal, &terms);

    c->terms = calloc(count, sizeof(*terms));
    if (c->terms == NULL) {
        return error_memory(err);
    }
    memcpy(c->terms, terms, count * sizeof(*terms));
    c->terms_count = count;
    return 0;
}

/* The keys are open. */
static int prove_entries(struct prove *p, struct error *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = p->options->threads;
    struct snapshot_proof *proof = p->proof;
    uint64_t verified = 0;
    bool opens = false;

    if (threads == 0) {
        threads = cores > THREADS_MAX ? THREADS_MAX
                                      : (unsigned)(cores > 1 ? cores : 1);
    }
    p->opener = opener_new(p->unseal);
    p->tally = prove_tally_new();
    /* This thread decrypts as well when it is ahead. */
    p->pool = prove_pool_new(p->unseal, threads - 1, is_fault, p);
    if (p->opener == NULL || p->tally == NULL || p->pool == NULL) {
        return error_memory(err);
    }
    if (read_all(p, &opens, err) != 0 ||
        prove_pool_finish(p->pool, &verified, err) != 0) {
        return -1;
    }
    proof->verified += verified;
    proof->entries = proof->facts.entries;
    if (prove_tally_finish(p->tally, proof, err) != 0 ||
        copy_terms(p, err) != 0) {
        return -1;
    }
    return contents_finish(&proof->contents, err);
}

/* Shares that open nothing are the wrong ones - unless they open the sealed
 * sums: then it is the archive that is damaged. */
static int doubt(struct prove *p, struct error *err)
{
    bool opens = false;

    if (read_all(p, &opens, err) != 0) {
        return -1;
    }
    if (opens) {
        p->proof->keys = UNSEAL_BROKEN_KEYRING;
        text_copy(p->proof->keys_text, sizeof(p->proof->keys_text),
                  "what was given is right (it opens the sealed sums), but "
                  "the root key in the archive is damaged: nothing in it can "
                  "be read");
    }
    return 0;
}

static int prove(struct prove *p, struct error *err)
{
    struct error why = {0};

    if (read_keyring(p, err) != 0 ||
        p->archive->rewind(p->archive->ctx, err) != 0) {
        return -1;
    }
    p->proof->keys = unseal_open(p->unseal, p->options->shares,
                                 p->options->shares_count, &why);
    p->proof->seal = *unseal_config(p->unseal);
    if (p->proof->keys == UNSEAL_AUTO && p->options->statics.count > 0 &&
        strcmp(p->proof->seal.type, UNSEAL_STATIC) == 0) {
        p->proof->keys =
            unseal_open_static(p->unseal, &p->options->statics, &why);
    }
    text_copy(p->proof->keys_text, sizeof(p->proof->keys_text), why.text);
    if (p->proof->keys == UNSEAL_OPENED) {
        return prove_entries(p, err);
    }
    return p->proof->keys == UNSEAL_WRONG ? doubt(p, err) : 0;
}

int snapshot_prove(const struct source *archive,
                   const struct snapshot_prove_options *options,
                   struct snapshot_proof *proof, struct error *err)
{
    struct prove p = {.archive = archive, .options = options, .proof = proof};
    int rc = -1;

    snapshot_proof_init(proof);
    if (archive->rewind == NULL) {
        return error_set(err, ERR_INVALID,
                         "an archive can be proved only where it can be read "
                         "twice: store it in a file first");
    }
    p.unseal = unseal_new();
    if (p.unseal == NULL) {
        return error_memory(err);
    }
    rc = prove(&p, err);
    prove_pool_free(p.pool);
    prove_tally_free(p.tally);
    opener_free(p.opener);
    unseal_free(p.unseal);
    if (rc != 0) {
        snapshot_proof_done(proof);
    }
    return rc;
}
