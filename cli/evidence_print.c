/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_print.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/output.h"

enum { HUMAN_MAX = 32 };

const char *evidence_subject(enum evidence_kind kind,
                             const struct json *payload)
{
    if (kind == EVIDENCE_UNKNOWN)
        return "";
    if (kind == EVIDENCE_STATEMENT)
        payload = json_get(json_first(json_get(payload, "subject")), "digest");
    return json_get_text(payload, "sha256", "");
}

/* A row, unless there is nothing to say. */
static void row(struct buf *out, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    buf_printf(out, "%-14s", name);
    output_text(out, value, strlen(value));
    buf_char(out, '\n');
}

static void row_number(struct buf *out, const char *name,
                       const struct json *from, const char *key)
{
    uint64_t value = 0;

    if (json_u64(json_get(from, key), &value))
        buf_printf(out, "%-14s%" PRIu64 "\n", name, value);
}

/* "2.4s, in the sandbox (target 15m0s: met)". */
static void row_measured(struct buf *out, const struct json *from,
                         const char *key, const char *target, const char *met)
{
    double seconds = json_get_double(from, key, -1);
    double wanted = json_get_double(from, target, -1);
    bool restore = strcmp(key, "restore_seconds") == 0;
    char text[HUMAN_MAX];

    if (seconds < 0 || seconds > 1e10)
        return;
    text_human_duration((int64_t)(seconds * 1000), text, sizeof(text));
    buf_printf(out, "%-14s%s%s", restore ? "Restore time" : "Snapshot age",
               text, restore ? ", in the sandbox" : ", at the verdict");
    if (wanted > 0 && wanted < 1e10) {
        text_human_duration((int64_t)(wanted * 1000), text, sizeof(text));
        buf_printf(out, " (target %s", text);
        if (json_type(json_get(from, met)) == JSON_BOOL)
            buf_str(out,
                    json_get_bool(from, met, false) ? ": met" : ": MISSED");
        buf_char(out, ')');
    }
    buf_char(out, '\n');
}

static void table_check(struct buf *out, const struct json *check)
{
    static const char gap[] = "  ";
    const char *name = json_get_text(check, "name", "");
    const char *outcome = json_get_text(check, "outcome", "");
    const char *message = json_get_text(check, "message", "");

    buf_str(out, gap);
    output_text(out, name, strlen(name));
    for (size_t n = strlen(name); n < 13; n++)
        buf_char(out, ' ');
    output_text(out, outcome, strlen(outcome));
    for (size_t n = strlen(outcome); n < 9; n++)
        buf_char(out, ' ');
    output_text(out, message, strlen(message));
    buf_char(out, '\n');
    for (const struct json *f = json_first(json_get(check, "findings"));
         f != NULL; f = json_next(f)) {
        const char *path = json_get_text(f, "path", "");

        buf_printf(out, "%24s", "");
        output_text(out, path, strlen(path));
        buf_char(out, '\n');
    }
}

/* A statement's predicate and a validation's manifest say the same under
 * nearly the same names. */
static void table_validation(struct buf *out, const struct json *v)
{
    const struct json *who = json_get(v, "requested_by");
    const struct json *snapshot = json_get(v, "snapshot");

    row(out, "Verdict", json_get_text(v, "verdict", NULL));
    row(out, "Summary", json_get_text(v, "summary", NULL));
    row(out, "Cluster", json_get_text(v, "cluster", NULL));
    row(out, "Snapshot",
        json_get_text(snapshot, "id", json_get_text(v, "snapshot_id", NULL)));
    row(out, "Taken", json_get_text(snapshot, "created_at", NULL));
    row(out, "Validation",
        json_get_text(v, "validation_id", json_get_text(v, "run_id", NULL)));
    row(out, "Ended", json_get_text(v, "finished_at", NULL));
    row(out, "Requested by", json_get_text(who, "display_name", NULL));
    row(out, "Entity", json_get_text(who, "entity_id", NULL));
    row_measured(out, v, "restore_seconds", "rto_target_seconds", "rto_met");
    row_measured(out, v, "rpo_seconds", "rpo_target_seconds", "rpo_met");
    if (json_count(json_get(v, "checks")) > 0)
        buf_str(out, "Checks\n");
    for (const struct json *c = json_first(json_get(v, "checks")); c != NULL;
         c = json_next(c))
        table_check(out, c);
}

static void table_snapshot(struct buf *out, const struct json *s)
{
    row(out, "Cluster", json_get_text(s, "cluster", NULL));
    row(out, "Cluster id", json_get_text(s, "cluster_id", NULL));
    row(out, "Snapshot", json_get_text(s, "id", NULL));
    row(out, "Taken", json_get_text(s, "created_at", NULL));
    row(out, "Product", json_get_text(s, "product", NULL));
    row(out, "Version", json_get_text(s, "server_version", NULL));
    row_number(out, "Bytes", s, "size_bytes");
    row_number(out, "Entries", s, "entries");
    row_number(out, "Raft index", s, "raft_index");
}

static void table_payload(struct buf *out, const struct evidence_result *r)
{
    static const char *const what[] = {
        [EVIDENCE_UNKNOWN] = "something this version does not know",
        [EVIDENCE_STATEMENT] = "statement about a validation (in-toto)",
        [EVIDENCE_VALIDATION] = "manifest of a validation",
        [EVIDENCE_SNAPSHOT] = "manifest of a snapshot",
    };

    row(out, "Document", what[r->kind]);
    if (r->kind == EVIDENCE_UNKNOWN)
        row(out, "Type", r->type);
    row(out, "SHA-256", evidence_subject(r->kind, r->payload));
    if (r->archive != NULL)
        buf_printf(out, "%-14s%s: %s\n", "Archive", r->archive,
                   r->archive_matches ? "this is the one"
                                      : "ANOTHER ONE: its sum differs");
    if (r->kind == EVIDENCE_SNAPSHOT)
        table_snapshot(out, r->payload);
    else if (r->kind != EVIDENCE_UNKNOWN)
        table_validation(out, r->kind == EVIDENCE_STATEMENT
                                  ? json_get(r->payload, "predicate")
                                  : r->payload);
}

static void print_table(const struct evidence_result *r, struct buf *out)
{
    char hex[2 * DIGEST_PUBLIC_KEY_SIZE + 1];

    row(out, "File", r->file);
    if (r->why != NULL) {
        row(out, "Signature", r->told ? "NOT GOOD" : "could not tell");
        row(out, "Reason", r->why->text);
        return;
    }
    text_hex(r->key, sizeof(r->key), hex);
    buf_printf(out, "%-14sgood, by the key %s\n", "Signature", hex);
    table_payload(out, r);
}

static void print_json(const struct evidence_result *r, struct buf *out)
{
    static const char *const kinds[] = {
        [EVIDENCE_UNKNOWN] = NULL,
        [EVIDENCE_STATEMENT] = "statement",
        [EVIDENCE_VALIDATION] = "validation",
        [EVIDENCE_SNAPSHOT] = "snapshot",
    };
    char hex[2 * DIGEST_PUBLIC_KEY_SIZE + 1];
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "file", r->file);
    if (r->why != NULL) {
        if (r->told)
            jsonw_bool(&w, "good", false);
        else
            jsonw_null(&w, "good");
        jsonw_text(&w, "error", r->why->text);
    } else {
        text_hex(r->key, sizeof(r->key), hex);
        jsonw_bool(&w, "good", true);
        jsonw_text(&w, "key", hex);
        jsonw_text(&w, "type", r->type);
        jsonw_text(&w, "kind", kinds[r->kind]);
        jsonw_text(&w, "sha256", evidence_subject(r->kind, r->payload));
        if (r->archive != NULL)
            jsonw_bool(&w, "archive_matches", r->archive_matches);
        else
            jsonw_null(&w, "archive_matches");
        jsonw_raw(&w, "payload", buf_text(r->payload_text));
    }
    jsonw_end_object(&w);
    buf_char(out, '\n');
}

int evidence_print(const struct evidence_result *r, bool json,
                   struct error *err)
{
    struct buf out;
    int rc = -1;

    buf_init(&out, 4 * (size_t)LIMIT_MANIFEST);
    (json ? print_json : print_table)(r, &out);
    rc = output_flush(&out, err);
    buf_done(&out);
    return rc;
}
