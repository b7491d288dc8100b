/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prove_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/output.h"

enum { OUTPUT_MAX = 64 * 1024 * 1024, HUMAN_MAX = 32 };
/* People look at the first ones; JSON has all. */
enum { ROWS_SHOWN = 100 };

/* Null: could not tell. */
static void write_answer(struct jsonw *w, const char *key, bool known,
                         bool answer)
{
    if (known) {
        jsonw_bool(w, key, answer);
    } else {
        jsonw_null(w, key);
    }
}

static void write_fault(struct jsonw *w, const struct snapshot_fault_row *row)
{
    jsonw_object(w, NULL);
    jsonw_text(w, "kind", snapshot_fault_text(row->fault));
    jsonw_text(w, "key", row->key);
    if (row->fault != SNAPSHOT_FAULT_NOT_SEALED) {
        jsonw_u64(w, "term", row->term);
    }
    jsonw_end_object(w);
}

static void write_proof(const char *file, const struct snapshot_proof *p,
                        struct jsonw *w)
{
    bool opened = p->keys == UNSEAL_OPENED;
    bool broken = p->keys == UNSEAL_BROKEN_KEYRING;

    jsonw_object(w, NULL);
    jsonw_text(w, "file", file);
    write_answer(w, "authentic", opened, p->sums == SNAPSHOT_SUMS_AUTHENTIC);
    write_answer(w, "decryptable",
                 broken || (opened && (p->faults > 0 || p->uncovered == 0)),
                 opened && p->faults == 0);
    jsonw_object(w, "seal");
    jsonw_text(w, "type", p->seal.type);
    jsonw_u64(w, "shares", p->seal.shares);
    jsonw_u64(w, "threshold", p->seal.threshold);
    jsonw_end_object(w);
    if (!opened) {
        jsonw_text(w, "error", p->keys_text);
        jsonw_end_object(w);
        return;
    }
    snapshot_facts_write(&p->facts, w);
    jsonw_u64(w, "verified", p->verified);
    jsonw_u64(w, "in_the_clear", p->clear);
    jsonw_u64(w, "not_covered", p->uncovered);
    jsonw_u64(w, "faults_total", p->faults);
    jsonw_array(w, "faults");
    for (size_t n = 0; n < p->fault_rows_count; n++) {
        write_fault(w, &p->fault_rows[n]);
    }
    jsonw_end_array(w);
    contents_write(&p->contents, w);
    jsonw_end_object(w);
}

static void table_sums(struct buf *out, const struct snapshot_proof *p)
{
    static const char *const texts[] = {
        [SNAPSHOT_SUMS_AUTHENTIC] = "yes: its sums were sealed by the cluster",
        [SNAPSHOT_SUMS_DIFFER] = "NO: it was changed after it was sealed",
        [SNAPSHOT_SUMS_UNREADABLE] =
            "NO: the sealed sums do not open with these keys",
    };

    buf_printf(out, "%-14s%s\n", "Authentic", texts[p->sums]);
}

static void table_entries(struct buf *out, const struct snapshot_proof *p)
{
    const char *answer = "yes";

    if (p->faults > 0) {
        answer = "NO";
    } else if (p->uncovered > 0) {
        answer = "could not tell";
    }
    buf_printf(out,
               "%-14s%s: %" PRIu64 " of %" PRIu64 " encrypted entries verify",
               "Decryptable", answer, p->verified, p->entries - p->clear);
    if (p->faults > 0) {
        buf_printf(out, ", %" PRIu64 " do not", p->faults);
    }
    buf_printf(out, "; %" PRIu64 " are in the clear\n", p->clear);
    if (p->uncovered > 0) {
        buf_printf(out,
                   "%-14s%" PRIu64 " entries, in namespaces that have a seal "
                   "of their own\n",
                   "Not covered", p->uncovered);
    }
}

static void table_faults(struct buf *out, const struct snapshot_proof *p)
{
    for (size_t n = 0; n < p->fault_rows_count; n++) {
        const struct snapshot_fault_row *row = &p->fault_rows[n];

        buf_printf(out, "  %s ", row->key);
        switch (row->fault) {
        case SNAPSHOT_FAULT_DAMAGED:
            buf_printf(out, "does not decrypt under term %" PRIu32 "\n",
                       row->term);
            break;
        case SNAPSHOT_FAULT_UNKNOWN_TERM:
            buf_printf(out,
                       "names term %" PRIu32 ", which the keyring does not "
                       "have\n",
                       row->term);
            break;
        case SNAPSHOT_FAULT_NOT_SEALED:
            buf_str(out, "is not encrypted\n");
            break;
        }
    }
    if (p->faults > p->fault_rows_count) {
        buf_printf(out, "  ... and %" PRIu64 " more\n",
                   p->faults - p->fault_rows_count);
    }
}

static void row(struct buf *out, const char *left, const char *right)
{
    size_t width = strlen(left);

    buf_str(out, "  ");
    output_text(out, left, width);
    for (; right[0] != '\0' && width < 32; width++) {
        buf_char(out, ' ');
    }
    if (right[0] != '\0') {
        buf_char(out, ' ');
        output_text(out, right, strlen(right));
    }
    buf_char(out, '\n');
}

static void heading(struct buf *out, const char *what, size_t count)
{
    buf_printf(out, "\n%s (%zu)\n", what, count);
}

static void more(struct buf *out, size_t count)
{
    if (count > ROWS_SHOWN) {
        buf_printf(out, "  ... and %zu more (-format=json shows all)\n",
                   count - ROWS_SHOWN);
    }
}

static void table_mounts(struct buf *out, const struct contents *c, bool auth)
{
    size_t count = 0;

    for (size_t n = 0; n < c->mounts_count; n++) {
        count += c->mounts[n].auth == auth;
    }
    heading(out, auth ? "Auth methods" : "Mounts", count);
    count = 0;
    for (size_t n = 0; n < c->mounts_count; n++) {
        if (c->mounts[n].auth == auth && count++ < ROWS_SHOWN) {
            row(out, c->mounts[n].path, c->mounts[n].type);
        }
    }
    more(out, count);
}

static void table_names(struct buf *out, const struct contents *c)
{
    heading(out, "Policies", c->policies_count);
    for (size_t n = 0; n < c->policies_count && n < ROWS_SHOWN; n++) {
        row(out, c->policies[n].name, "");
    }
    more(out, c->policies_count);
    if (c->namespaces_count == 0) {
        return;
    }
    heading(out, "Namespaces", c->namespaces_count);
    for (size_t n = 0; n < c->namespaces_count && n < ROWS_SHOWN; n++) {
        row(out, c->namespaces[n].path,
            c->namespaces[n].own_seal ? "(a seal of its own: not covered)"
                                      : "");
    }
    more(out, c->namespaces_count);
}

static void table_terms(struct buf *out, const struct contents *c)
{
    int64_t now = clock_now_ms();

    heading(out, "Key terms", c->terms_count);
    for (size_t n = 0; n < c->terms_count && n < ROWS_SHOWN; n++) {
        const struct unseal_term *term = &c->terms[n];
        char age[HUMAN_MAX] = "?";

        if (term->installed_ms > 0 && term->installed_ms <= now) {
            text_human_duration(now - term->installed_ms, age, sizeof(age));
        }
        buf_printf(out, "  %" PRIu32 "  installed %s ago\n", term->term, age);
    }
    more(out, c->terms_count);
}

/* Cluster and server, by what is in the archive itself. */
static void table_identity(struct buf *out, const struct identity *i)
{
    const char *product = identity_product(i);

    if (i->cluster_id[0] != '\0') {
        buf_printf(out, "%-14s", "Cluster");
        output_text(out, i->cluster_name, strlen(i->cluster_name));
        buf_str(out, ", id ");
        output_text(out, i->cluster_id, strlen(i->cluster_id));
        buf_char(out, '\n');
    }
    if (i->version[0] != '\0') {
        buf_printf(out, "%-14s%s ", "Server",
                   product[0] != '\0' ? product : "version");
        output_text(out, i->version, strlen(i->version));
        buf_char(out, '\n');
    }
}

static void table_proof(const char *file, const struct snapshot_proof *p,
                        struct buf *out)
{
    buf_printf(out, "%-14s%s\n", "File", file);
    if (p->keys == UNSEAL_BROKEN_KEYRING) {
        buf_printf(out, "%-14sNO: %s\n", "Decryptable", p->keys_text);
        return;
    }
    if (p->keys != UNSEAL_OPENED) {
        buf_printf(out, "%-14scould not tell\n%-14s%s\n", "Proved", "Reason",
                   p->keys_text);
        return;
    }
    buf_printf(out, "%-14s%s, %" PRIu64 " of %" PRIu64 " key shares\n", "Seal",
               p->seal.type, p->seal.threshold, p->seal.shares);
    table_identity(out, &p->contents.identity);
    table_sums(out, p);
    table_entries(out, p);
    table_faults(out, p);
    table_mounts(out, &p->contents, false);
    table_mounts(out, &p->contents, true);
    table_names(out, &p->contents);
    table_terms(out, &p->contents);
    if (p->contents.left_out + p->contents.unread > 0) {
        buf_printf(out,
                   "\nNot shown: %" PRIu64 " more rows, %" PRIu64 " tables or "
                   "rows of an unknown form\n",
                   p->contents.left_out, p->contents.unread);
    }
}

int prove_print(const char *file, const struct snapshot_proof *proof, bool json,
                struct error *err)
{
    struct buf out;
    struct jsonw w;
    int rc = -1;

    buf_init(&out, OUTPUT_MAX);
    if (json) {
        jsonw_init(&w, &out);
        write_proof(file, proof, &w);
        buf_char(&out, '\n');
    } else {
        table_proof(file, proof, &out);
    }
    rc = output_flush(&out, err);
    buf_done(&out);
    return rc;
}
