/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/restore_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/output.h"

enum { HUMAN_MAX = 32 };

static void line(struct buf *out, const char *label, const char *text)
{
    buf_printf(out, "%-14s", label);
    output_text(out, text, strlen(text));
    buf_char(out, '\n');
}

static void print_time(struct buf *out, const struct restore_source *s)
{
    int64_t age = clock_now_ms() - s->created_ms;
    char text[CLOCK_TEXT_MAX];
    char human[HUMAN_MAX];

    clock_text(s->created_ms, text);
    text_human_duration(age > 0 ? age : 0, human, sizeof(human));
    buf_printf(out, "%-14s%s, %s ago%s\n", "Taken", text, human,
               s->storage == NULL ? " (the time of the file)" : "");
}

static void print_proof(struct buf *out, const struct snapshot_proof *p)
{
    const struct identity *who = &p->contents.identity;

    if (p->keys != UNSEAL_OPENED) {
        buf_printf(out, "%-14s%s: ", "Proved",
                   p->keys == UNSEAL_BROKEN_KEYRING ? "NO" : "could not tell");
        output_text(out, p->keys_text, strlen(p->keys_text));
        buf_char(out, '\n');
        return;
    }
    buf_printf(out, "%-14s", "Cluster");
    output_text(out, who->cluster_name, strlen(who->cluster_name));
    buf_str(out, ", id ");
    output_text(out, who->cluster_id, strlen(who->cluster_id));
    buf_printf(out, "\n%-14s%s ", "Server", identity_product(who));
    output_text(out, who->version, strlen(who->version));
    buf_char(out, '\n');
    buf_printf(out, "%-14s%s\n", "Authentic",
               p->sums == SNAPSHOT_SUMS_AUTHENTIC
                   ? "yes"
                   : "NO: these are not the sums that the cluster sealed");
    buf_printf(out, "%-14s%s: %" PRIu64 " of %" PRIu64 " entries\n",
               "Decryptable",
               p->faults > 0      ? "NO"
               : p->uncovered > 0 ? "could not tell"
                                  : "yes",
               p->verified, p->entries - p->clear);
}

void restore_print_source(struct buf *out, const struct restore_source *s,
                          const struct snapshot_proof *proof)
{
    char size[HUMAN_MAX];

    line(out, "Archive", s->path);
    if (s->storage != NULL) {
        buf_printf(out, "%-14s%s of %s, one of %zu\n", "Snapshot", s->id,
                   s->cluster, s->count);
        print_time(out, s);
    }
    if (proof->facts.size_bytes > 0) {
        text_human_size(proof->facts.size_bytes, size, sizeof(size));
        buf_printf(out, "%-14s%s, %" PRIu64 " entries\n", "Size", size,
                   proof->facts.entries);
    }
    print_proof(out, proof);
}

void restore_print_target(struct buf *out, const struct restore_target *t)
{
    const struct vault_status *s = &t->status;

    buf_printf(out, "%-14s%s\n", "Target", vault_address(t->vault));
    line(out, "Its name", s->cluster_name);
    line(out, "Its id", s->cluster_id);
    buf_printf(out, "%-14s%s %s\n", "Its server",
               vault_product_name(s->product), s->version);
}

bool restore_print_plan(struct buf *out, const struct run *run, char *first,
                        size_t first_size)
{
    struct json *root = NULL;
    struct error ignored;
    bool blocked = false;

    first[0] = '\0';
    if (run->plan == NULL ||
        json_parse(run->plan, strlen(run->plan), &root, &ignored) != 0)
        return false;
    buf_str(out, "\nPlan\n");
    for (const struct json *f = json_first(json_get(root, "findings"));
         f != NULL; f = json_next(f)) {
        const char *level = json_get_text(f, "level", "");
        const char *name = json_get_text(f, "name", "");
        const char *message = json_get_text(f, "message", "");
        bool blocker = strcmp(level, "blocker") == 0;

        if (blocker && !blocked)
            (void)text_copy(first, first_size, name);
        blocked = blocked || blocker;
        buf_printf(out, "  %-8s %-16s ", blocker ? "BLOCKER" : level, name);
        output_text(out, message, strlen(message));
        buf_char(out, '\n');
    }
    blocked = blocked || json_get_bool(root, "blocked", false);
    json_free(root);
    return !blocked;
}

static void print_phases(struct buf *out, const struct run_phases *phases)
{
    char took[HUMAN_MAX];

    for (size_t i = 0; i < phases->count; i++) {
        const struct run_phase *p = &phases->items[i];

        text_human_duration(p->duration_ms > 0 ? p->duration_ms : 0, took,
                            sizeof(took));
        buf_printf(out, "  %-20s %s\n", p->name, took);
    }
}

static void print_way_back(struct buf *out, const struct restore_report *r)
{
    if (r->safety == NULL)
        return;
    buf_printf(out,
               "What the target held before is in %s.\nThe way back, with the "
               "keys that it had then:\n\n"
               "    assay restore -from %s -to %s -key-file ...%s\n\n",
               r->safety, r->safety, vault_address(r->target->vault),
               r->force ? " -force" : "");
}

static void print_next(struct buf *out, const struct restore_report *r)
{
    const char *program = restore_target_program(r->target);

    buf_printf(
        out,
        "\nNext:\n"
        "- Every token and secret-id made after the snapshot is gone, "
        "the token used here, if it\n  was the target's own, among "
        "them.  Log in as before the snapshot, or make a root\n  token "
        "from the key shares: %s operator generate-root -init\n"
        "- Further nodes join with empty data: %s operator raft join "
        "%s, then unseal them.\n"
        "- Give Assay's daemon a secret-id that is in the snapshot, or a "
        "new one.\n\n",
        program, program, vault_address(r->target->vault));
}

/* The engine's advice is for those who have a daemon. */
static void print_error(struct buf *out, const char *text)
{
    const char *end = strstr(text, ". The way back: POST");

    output_text(out, text, end != NULL ? (size_t)(end - text) : strlen(text));
    buf_char(out, '\n');
}

void restore_print_report(struct buf *out, const struct restore_report *r)
{
    bool restored = r->run->status == RUN_SUCCEEDED;
    char took[HUMAN_MAX];

    text_human_duration(r->run->finished_ms - r->run->started_ms, took,
                        sizeof(took));
    if (restored)
        buf_printf(out, "\nRestored in %s: %s has the data of cluster %s\n",
                   took, vault_address(r->target->vault), r->row->cluster_id);
    if (!restored) {
        buf_str(out, r->sent ? "\nNOT DONE, and the archive was sent: "
                             : "\nNot done, nothing has changed: ");
        print_error(out, r->run->error[0] != '\0'
                             ? r->run->error
                             : run_status_name(r->run->status));
    }
    if (r->phases != NULL)
        print_phases(out, r->phases);
    if (restored)
        print_next(out, r);
    if (r->sent)
        print_way_back(out, r);
}
