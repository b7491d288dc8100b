/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the audit record what it was?  Its own hashes tell whether a line was
 * changed, taken out or put in; the signed heads in the storage, whether all
 * of it was written anew. */
#include "cli/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/audit_heads.h"
#include "cli/audit_lines.h"
#include "cli/flags.h"
#include "cli/settings.h"
#include "store/audit_line.h"
#include "store/store.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_UNKNOWN = 2 };

/* What the command line asks for. */
struct request {
    char *const *files;
    size_t files_count; /* 0: the catalog */
    bool part;
    struct settings_flags source;
};

/* One verification. */
struct verify {
    const struct request *q;
    struct config *config; /* NULL: nothing to compare with */
    struct audit_heads heads;
    struct audit_walk walk;
    size_t agreed;        /* heads of this chain, and entries */
    uint64_t covered;     /* up to the newest of them */
    int64_t uncovered_ms; /* the first entry behind it; 0: none */
};

static bool whole(const struct verify *v)
{
    return !v->q->part;
}

/* A chain is over. */

static void print_chain(const struct verify *v)
{
    char from[CLOCK_TEXT_MAX];
    char to[CLOCK_TEXT_MAX];

    clock_text(v->walk.first.at_ms, from);
    clock_text(v->walk.last.at_ms, to);
    printf("chain %s: entries %" PRIu64 " to %" PRIu64 ", %s to %s\n",
           v->walk.last.chain, v->walk.first.seq, v->walk.last.seq, from, to);
    if (v->config == NULL)
        printf("  not compared with the storage: there is no configuration\n");
    else if (v->agreed == 0)
        printf("  the storage says nothing of these entries\n");
    else
        printf("  as %zu signed heads in the storage say, up to entry "
               "%" PRIu64 "\n",
               v->agreed, v->covered);
}

static int check_ends(struct verify *v, struct error *err)
{
    const struct chain_head *newest =
        audit_heads_newest(&v->heads, v->walk.last.chain);

    if (!whole(v))
        return 0;
    if (v->walk.first.seq != 1)
        return error_set(err, ERR_CORRUPT,
                         "entry 1 is missing: it begins with entry %" PRIu64
                         " (-part, if what comes before is elsewhere)",
                         v->walk.first.seq);
    if (newest != NULL && newest->seq > v->walk.last.seq)
        return error_set(
            err, ERR_CORRUPT,
            "entry %" PRIu64 " is missing: it ends before, but "
            "the storage has the signed head of entry %" PRIu64 "%s",
            v->walk.last.seq + 1, newest->seq,
            v->q->files_count > 0 ? " (-part, if what comes after is elsewhere)"
                                  : "");
    return 0;
}

static int end_chain(struct verify *v, struct error *err)
{
    if (!v->walk.begun)
        return 0;
    if (check_ends(v, err) != 0)
        return -1;
    print_chain(v);
    return 0;
}

/* Entries */

static int compare_head(struct verify *v, struct error *err)
{
    const struct audit_link *at = &v->walk.last;
    const struct chain_head *head =
        audit_heads_find(&v->heads, at->chain, at->seq);

    if (head == NULL) {
        if (v->uncovered_ms == 0)
            v->uncovered_ms = at->at_ms;
        return 0;
    }
    if (strcmp(head->hash, at->hash) != 0)
        return error_set(err, ERR_CORRUPT,
                         "entry %" PRIu64
                         ": it is another than the signed head in the "
                         "storage says: it, or one before it, was changed",
                         at->seq);
    v->agreed++;
    v->covered = at->seq;
    v->uncovered_ms = 0;
    return 0;
}

static int take_line(void *ctx, const char *line, size_t len, struct error *err)
{
    struct verify *v = ctx;

    if (audit_walk_next(&v->walk, line, len, err) != 0)
        return -1;
    return compare_head(v, err);
}

/* A file goes on with another chain where the catalog was made anew. */
static int take_file_line(void *ctx, const char *line, size_t len,
                          struct error *err)
{
    struct verify *v = ctx;
    struct audit_link link;
    struct error ignored;

    if (v->walk.begun && audit_line_read(line, len, &link, &ignored) == 0 &&
        link.seq == 1 && strcmp(link.chain, v->walk.last.chain) != 0) {
        if (end_chain(v, err) != 0)
            return -1;
        v->walk = (struct audit_walk){0};
        v->agreed = 0;
        v->covered = 0;
        v->uncovered_ms = 0;
    }
    return take_line(v, line, len, err);
}

static bool says(const struct json *entry, const char *key, const char *column)
{
    return strcmp(json_get_text(entry, key, ""), column) == 0;
}

/* The columns are what lists are filtered by. */
static int check_columns(const struct audit_row *row,
                         const struct audit_link *link, struct error *err)
{
    struct json *entry = NULL;
    const struct json *who;
    bool same;

    if (json_parse(row->entry, strlen(row->entry), &entry, err) != 0)
        return -1;
    who = json_get(entry, "who");
    same = row->seq == link->seq && row->at_ms == link->at_ms &&
           strcmp(row->chain, link->chain) == 0 &&
           strcmp(row->hash, link->hash) == 0 &&
           says(entry, "type", row->type) && says(entry, "path", row->path) &&
           says(entry, "subject", row->subject) &&
           says(who, "entity_id", row->entity_id);
    json_free(entry);
    if (same)
        return 0;
    return error_set(err, ERR_CORRUPT,
                     "entry %" PRIu64
                     ": the columns beside it say something else",
                     link->seq);
}

static int take_row(void *ctx, const struct audit_row *row, struct error *err)
{
    struct verify *v = ctx;

    if (take_line(v, row->entry, strlen(row->entry), err) != 0)
        return -1;
    return check_columns(row, &v->walk.last, err);
}

/* Sources */

static int walk_catalog(struct verify *v, struct error *err)
{
    char *path = settings_data_path(v->config, "assay.db");
    struct store *store = NULL;
    int rc = -1;

    if (path == NULL)
        return error_memory(err);
    if (store_open_to_read(path, &store, err) == 0)
        rc = audit_each(store, 0, take_row, v, err);
    store_close(store);
    free(path);
    return rc;
}

static int walk_files(struct verify *v, struct error *err)
{
    for (size_t i = 0; i < v->q->files_count; i++)
        if (audit_lines_each(v->q->files[i], take_file_line, v, err) != 0)
            return error_prefix(err, "%s", v->q->files[i]);
    return 0;
}

/* Chains of which nothing is there. */
static int check_lost(const struct verify *v, struct error *err)
{
    const struct chain_head *lost = audit_heads_unseen(&v->heads);

    if (lost == NULL || !whole(v))
        return 0;
    return error_set(err, ERR_CORRUPT,
                     "chain %s is missing, of which the storage has the "
                     "signed head of entry %" PRIu64
                     ": the catalog was taken away or made anew (the file of "
                     "the record, if there was one, has both chains)",
                     lost->chain, lost->seq);
}

/* Heads are written all the time: what is not covered is new. */
static int check_fresh(const struct verify *v, struct error *err)
{
    int64_t age = clock_now_ms() - v->uncovered_ms;

    if (v->config == NULL || !whole(v) || v->uncovered_ms == 0 ||
        age < 2 * v->config->audit.heads_ms + 60 * 1000)
        return 0;
    return error_set(err, ERR_UNAVAILABLE,
                     "the entries after number %" PRIu64
                     " cannot be compared: no head was put into the storage "
                     "since",
                     v->covered);
}

static int verify(struct verify *v, struct error *err)
{
    if (v->config != NULL && audit_heads_load(v->config, &v->heads, err) != 0)
        return -1;
    if ((v->q->files_count > 0 ? walk_files(v, err) : walk_catalog(v, err)) !=
            0 ||
        end_chain(v, err) != 0)
        return -1;
    if (v->heads.foreign > 0)
        printf("%zu heads in the storage are not signed by this Assay, and "
               "count for nothing\n",
               v->heads.foreign);
    if (check_lost(v, err) != 0 || check_fresh(v, err) != 0)
        return -1;
    if (v->walk.begun)
        printf("intact\n");
    else
        printf("there are no entries\n");
    return 0;
}

static int verify_and_print(const struct request *q)
{
    const bool configured = q->source.file != NULL || q->source.dev ||
                            getenv("ASSAY_CONFIG") != NULL;
    struct verify v = {.q = q};
    struct error err = {0};
    int rc = EXIT_GOOD;

    if ((configured || q->files_count == 0) &&
        settings_load(&q->source, &v.config) != 0)
        return EXIT_UNKNOWN;
    if (verify(&v, &err) != 0) {
        rc = err.kind == ERR_CORRUPT ? EXIT_BAD : EXIT_UNKNOWN;
        printf("%s: %s\n", rc == EXIT_BAD ? "NOT INTACT" : "could not tell",
               err.text);
    }
    audit_heads_done(&v.heads);
    config_free(v.config);
    return fflush(stdout) == 0 ? rc : EXIT_UNKNOWN;
}

static int verify_command(int argc, char **argv)
{
    struct request q = {.source = {.offline = true}};
    const struct flag flags[] = {
        {"part", FLAG_BOOL, &q.part, NULL,
         "FILE is only a part of the record: no beginning, no end"},
        {"config", FLAG_TEXT, &q.source.file, "FILE",
         "configuration, JSON with comments; else $ASSAY_CONFIG"},
        {"dev", FLAG_BOOL, &q.source.dev, NULL,
         "as `assay server -dev` sees it"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay audit verify [-config=FILE] [-dev] [-part] [FILE...]",
        .about = "Reads the audit record - the catalog's, or the FILEs that "
                 "audit.file has become\nin the course of time, oldest first "
                 "- and says whether anything in it was\nchanged, taken out "
                 "or put in.  With a configuration it is compared with the "
                 "\nsigned heads in the storage, too.  The daemon may run "
                 "meanwhile.\n\nExit code: 0 intact, 1 not (the first bad "
                 "entry is named), 2 could not tell.",
        .flags = flags};
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? EXIT_GOOD : EXIT_UNKNOWN;
    if (q.part && count == 0) {
        fprintf(stderr, "-part speaks of a FILE\n");
        return EXIT_UNKNOWN;
    }
    q.files = argv + 1;
    q.files_count = (size_t)count;
    return verify_and_print(&q);
}

int cli_audit(int argc, char **argv)
{
    static const struct flags_choice choices[] = {
        {"verify", verify_command},
        {NULL, NULL},
    };

    return flags_choose(
        choices,
        "Usage: assay audit verify [flags] [FILE...]\n\n"
        "  verify  is the audit record what it was?\n\n"
        "`assay audit verify -h` says more.  A running daemon shows it:\n"
        "  vault list -detailed assay/audit\n",
        argc, argv);
}
