/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests come from a place that others can write to: nothing is believed
 * before the signature, and every field is bounded after it. */
#include "jobs/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "jobs/envelope.h"

/* What a parsed manifest's texts and lists live in. */
struct memory {
    struct json *root;
    struct snapshot_prefix_row *prefixes;
    struct check_row *checks;
    struct check_finding_row *findings;
    char *basis;
};

static void memory_free(struct memory *m)
{
    if (m == NULL)
        return;
    json_free(m->root);
    free(m->prefixes);
    free(m->checks);
    free(m->findings);
    free(m->basis);
    free(m);
}

static int field_bad(const char *key, struct error *err)
{
    return error_set(err, ERR_CORRUPT, "the manifest's \"%s\" makes no sense",
                     key);
}

/* A text that must be there (it may be empty) and must fit. */
static int read_text(const struct json *doc, const char *key, char *out,
                     size_t size, struct error *err)
{
    const char *text = json_get_text(doc, key, NULL);
    if (text == NULL || !text_copy(out, size, text))
        return field_bad(key, err);
    return 0;
}

static int read_id(const struct json *doc, const char *key,
                   char out[ID_TEXT_MAX], struct error *err)
{
    if (read_text(doc, key, out, ID_TEXT_MAX, err) != 0)
        return -1;
    return id_valid(out) ? 0 : field_bad(key, err);
}

static int read_u64(const struct json *doc, const char *key, uint64_t *out,
                    struct error *err)
{
    return json_u64(json_get(doc, key), out) ? 0 : field_bad(key, err);
}

static int read_time(const struct json *doc, const char *key, int64_t *out,
                     struct error *err)
{
    const char *text = json_get_text(doc, key, "");
    return text_rfc3339_ms(text, out) ? 0 : field_bad(key, err);
}

/* Seconds, which may be missing: -1 stands for "not measured". */
static int64_t read_duration(const struct json *doc, const char *key)
{
    double seconds = json_get_double(doc, key, -1);
    if (seconds < 0 || seconds > 1e9)
        return -1;
    return (int64_t)(seconds * 1000 + 0.5);
}

static int read_sha256(const struct json *doc, char out[SNAPSHOTS_SHA256_MAX],
                       struct error *err)
{
    uint8_t sum[DIGEST_SHA256_SIZE];
    const char *text = json_get_text(doc, "sha256", "");
    if (!text_unhex(text, sum, sizeof(sum)))
        return field_bad("sha256", err);
    text_hex(sum, sizeof(sum), out);
    return 0;
}

/* Verify `text` and parse what it holds. */
static int open_document(const struct buf *text, const char *type,
                         const struct manifest_trust *trust,
                         struct memory **out, struct error *err)
{
    struct memory *m = calloc(1, sizeof(*m));
    struct buf doc;
    uint64_t layout = 0;
    int rc = -1;

    buf_init(&doc, LIMIT_MANIFEST);
    if (m == NULL) {
        error_memory(err);
        goto done;
    }
    if (envelope_open(text, type, trust, &doc, err) != 0)
        goto done;
    if (json_parse(buf_text(&doc), doc.len, &m->root, err) != 0)
        goto done;
    if (read_u64(m->root, "layout", &layout, err) != 0)
        goto done;
    if (layout != MANIFEST_VERSION) {
        error_set(err, ERR_CORRUPT,
                  "the manifest has layout %llu; this version of Assay reads "
                  "%d",
                  (unsigned long long)layout, MANIFEST_VERSION);
        goto done;
    }
    *out = m;
    m = NULL;
    rc = 0;
done:
    buf_done(&doc);
    memory_free(m);
    return rc;
}

static int read_prefixes(struct memory *memory, struct manifest_snapshot *m,
                         struct error *err)
{
    const struct json *list = json_get(memory->root, "prefixes");
    size_t count = json_count(list);

    if (json_type(list) != JSON_ARRAY || count > LIMIT_SNAPSHOT_PREFIXES + 1)
        return field_bad("prefixes", err);
    memory->prefixes = calloc(count + 1, sizeof(*memory->prefixes));
    if (memory->prefixes == NULL)
        return error_memory(err);
    m->prefixes = memory->prefixes;
    for (const struct json *p = json_first(list); p != NULL; p = json_next(p)) {
        struct snapshot_prefix_row *row = &memory->prefixes[m->prefixes_count];
        row->prefix = json_get_text(p, "prefix", NULL);
        if (row->prefix == NULL)
            return field_bad("prefixes", err);
        if (read_u64(p, "entries", &row->entries, err) != 0 ||
            read_u64(p, "bytes", &row->bytes, err) != 0)
            return -1;
        m->prefixes_count++;
    }
    return 0;
}

static int read_row(const struct json *d, struct snapshot_row *r,
                    struct error *err)
{
    if (read_id(d, "id", r->id, err) != 0 ||
        read_text(d, "cluster", r->cluster, sizeof(r->cluster), err) != 0 ||
        read_text(d, "cluster_id", r->cluster_id, sizeof(r->cluster_id), err) !=
            0 ||
        read_text(d, "cluster_name", r->cluster_name, sizeof(r->cluster_name),
                  err) != 0 ||
        read_text(d, "product", r->product, sizeof(r->product), err) != 0 ||
        read_text(d, "server_version", r->server_version,
                  sizeof(r->server_version), err) != 0 ||
        read_time(d, "created_at", &r->created_ms, err) != 0 ||
        read_sha256(d, r->sha256, err) != 0)
        return -1;
    if (read_u64(d, "size_bytes", &r->size_bytes, err) != 0 ||
        read_u64(d, "raft_index", &r->raft_index, err) != 0 ||
        read_u64(d, "raft_term", &r->raft_term, err) != 0 ||
        read_u64(d, "entries", &r->entries, err) != 0 ||
        read_u64(d, "state_bytes", &r->state_bytes, err) != 0 ||
        read_text(d, "run_id", r->run_id, sizeof(r->run_id), err) != 0)
        return -1;
    return 0;
}

static int read_baseline(const struct json *doc, struct manifest_baseline *b,
                         struct error *err)
{
    const struct json *d = json_get(doc, "baseline");

    if (d == NULL)
        return 0;
    (void)text_copy(b->missing, sizeof(b->missing),
                    json_get_text(d, "missing", ""));
    if (json_get(d, "sha256") == NULL)
        return 0;
    if (read_u64(d, "size_bytes", &b->size_bytes, err) != 0)
        return -1;
    return read_sha256(d, b->sha256, err);
}

int manifest_read_snapshot(const struct buf *text,
                           const struct manifest_trust *trust,
                           struct manifest_snapshot *out, struct error *err)
{
    struct manifest_snapshot m = {0};
    struct memory *memory = NULL;
    int rc = -1;

    if (open_document(text, ENVELOPE_SNAPSHOT, trust, &memory, err) != 0)
        return -1;
    m.memory = memory;
    if (read_row(memory->root, &m.row, err) != 0 ||
        canary_record_read(memory->root, &m.canary, err) != 0 ||
        read_baseline(memory->root, &m.baseline, err) != 0 ||
        read_prefixes(memory, &m, err) != 0)
        goto done;
    *out = m;
    m = (struct manifest_snapshot){0};
    rc = 0;
done:
    manifest_snapshot_done(&m);
    return rc;
}

static int read_check(const struct json *c, struct check_row *row,
                      struct check_finding_row *findings, struct error *err)
{
    row->name = json_get_text(c, "name", NULL);
    row->outcome = json_get_text(c, "outcome", NULL);
    row->message = json_get_text(c, "message", "");
    if (row->name == NULL || row->outcome == NULL)
        return field_bad("checks", err);
    if (read_u64(c, "covered", &row->covered, err) != 0 ||
        read_u64(c, "total", &row->total, err) != 0 ||
        read_u64(c, "findings_total", &row->findings_total, err) != 0)
        return -1;
    row->findings = findings;
    for (const struct json *f = json_first(json_get(c, "findings")); f != NULL;
         f = json_next(f)) {
        findings[row->findings_count++] = (struct check_finding_row){
            .kind = json_get_text(f, "kind", ""),
            .path = json_get_text(f, "path", ""),
            .expected = "",
            .found = "",
        };
    }
    if (row->findings_total < row->findings_count)
        return field_bad("findings_total", err);
    return 0;
}

static int read_checks(struct memory *memory, struct manifest_validation *m,
                       struct error *err)
{
    const struct json *list = json_get(memory->root, "checks");
    size_t findings = 0;
    size_t used = 0;

    if (json_type(list) != JSON_ARRAY || json_count(list) > CHECKS_PER_RUN_MAX)
        return field_bad("checks", err);
    for (const struct json *c = json_first(list); c != NULL; c = json_next(c)) {
        size_t n = json_count(json_get(c, "findings"));
        if (n > LIMIT_FINDINGS)
            return field_bad("checks", err);
        findings += n;
    }
    memory->checks = calloc(json_count(list) + 1, sizeof(*memory->checks));
    memory->findings = calloc(findings + 1, sizeof(*memory->findings));
    if (memory->checks == NULL || memory->findings == NULL)
        return error_memory(err);
    m->checks = memory->checks;
    for (const struct json *c = json_first(list); c != NULL; c = json_next(c)) {
        struct check_row *row = &memory->checks[m->checks_count];
        if (read_check(c, row, memory->findings + used, err) != 0)
            return -1;
        used += row->findings_count;
        m->checks_count++;
    }
    return 0;
}

static int read_phases(const struct json *doc, struct run_phases *phases,
                       struct error *err)
{
    const struct json *list = json_get(doc, "phases");
    for (const struct json *p = json_first(list);
         p != NULL && phases->count < RUN_PHASES_MAX; p = json_next(p)) {
        struct run_phase *phase = &phases->items[phases->count];
        if (read_text(p, "name", phase->name, sizeof(phase->name), err) != 0 ||
            read_time(p, "started_at", &phase->started_ms, err) != 0)
            return -1;
        phase->duration_ms = read_duration(p, "duration_seconds");
        phases->count++;
    }
    return 0;
}

/* Older ones have none. */
static int read_basis(struct memory *memory, struct manifest_validation *m,
                      struct error *err)
{
    const struct json *basis = json_get(memory->root, "basis");
    struct buf text;

    if (basis == NULL)
        return 0;
    if (json_type(basis) != JSON_OBJECT)
        return field_bad("basis", err);
    buf_init(&text, LIMIT_REQUEST_BODY);
    json_print(basis, &text);
    if (buf_check(&text, "the manifest's \"basis\"", err) != 0) {
        buf_done(&text);
        err->kind = ERR_CORRUPT;
        return -1;
    }
    memory->basis = buf_take(&text);
    m->basis = memory->basis;
    return 0;
}

static int read_validation(struct memory *memory, struct manifest_validation *m,
                           struct error *err)
{
    const struct json *d = memory->root;
    const struct json *who = json_get(d, "requested_by");

    if (read_id(d, "run_id", m->run_id, err) != 0 ||
        read_id(d, "snapshot_id", m->snapshot_id, err) != 0 ||
        read_sha256(d, m->sha256, err) != 0 ||
        read_text(d, "cluster", m->cluster, sizeof(m->cluster), err) != 0 ||
        read_text(d, "driver", m->driver, sizeof(m->driver), err) != 0)
        return -1;
    (void)text_copy(m->oracle, sizeof(m->oracle),
                    json_get_text(d, "oracle", ""));
    if (!store_verdict_parse(json_get_text(d, "verdict", ""), &m->verdict) ||
        m->verdict == STORE_UNVALIDATED)
        return field_bad("verdict", err);
    if (read_time(d, "created_at", &m->created_ms, err) != 0 ||
        read_time(d, "started_at", &m->started_ms, err) != 0 ||
        read_time(d, "finished_at", &m->finished_ms, err) != 0 ||
        read_text(who, "display_name", m->requested_by, sizeof(m->requested_by),
                  err) != 0 ||
        read_text(who, "entity_id", m->entity_id, sizeof(m->entity_id), err) !=
            0)
        return -1;
    m->restore_ms = read_duration(d, "restore_seconds");
    if (read_checks(memory, m, err) != 0 || read_basis(memory, m, err) != 0)
        return -1;
    return read_phases(d, &m->phases, err);
}

int manifest_read_validation(const struct buf *text,
                             const struct manifest_trust *trust,
                             struct manifest_validation *out, struct error *err)
{
    struct manifest_validation m = {0};
    struct memory *memory = NULL;
    int rc = -1;

    if (open_document(text, ENVELOPE_VALIDATION, trust, &memory, err) != 0)
        return -1;
    m.memory = memory;
    if (read_validation(memory, &m, err) != 0)
        goto done;
    *out = m;
    m = (struct manifest_validation){0};
    rc = 0;
done:
    manifest_validation_done(&m);
    return rc;
}

void manifest_snapshot_done(struct manifest_snapshot *m)
{
    if (m == NULL)
        return;
    memory_free(m->memory);
    *m = (struct manifest_snapshot){0};
}

void manifest_validation_done(struct manifest_validation *m)
{
    if (m == NULL)
        return;
    memory_free(m->memory);
    *m = (struct manifest_validation){0};
}
