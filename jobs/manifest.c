/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/manifest.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "jobs/envelope.h"

/* A key may be LIMIT_SNAPSHOT_KEY long; a manifest must not be. */
enum { FINDING_PATH_MAX = 1024 };

static int sign_document(const char *type, const struct buf *doc,
                         struct signer *signer, struct buf *out,
                         struct error *err)
{
    if (buf_check(doc, "the manifest", err) != 0)
        return -1;
    return envelope_sign(type, doc, signer, out, err);
}

/* Nothing where none was wanted: as manifests were before there were any. */
static void write_baseline(struct jsonw *w, const struct manifest_baseline *b)
{
    if (b->sha256[0] == '\0' && b->missing[0] == '\0')
        return;
    jsonw_object(w, "baseline");
    if (b->sha256[0] != '\0') {
        jsonw_text(w, "sha256", b->sha256);
        jsonw_u64(w, "size_bytes", b->size_bytes);
    } else {
        jsonw_text(w, "missing", b->missing);
    }
    jsonw_end_object(w);
}

int manifest_write_snapshot(const struct manifest_snapshot *m,
                            struct signer *signer, struct buf *out,
                            struct error *err)
{
    const struct snapshot_row *r = &m->row;
    struct buf doc;
    struct jsonw w;

    buf_init(&doc, LIMIT_MANIFEST);
    jsonw_init(&w, &doc);
    jsonw_object(&w, NULL);
    jsonw_u64(&w, "layout", MANIFEST_VERSION);
    jsonw_text(&w, "id", r->id);
    jsonw_text(&w, "cluster", r->cluster);
    jsonw_text(&w, "cluster_id", r->cluster_id);
    jsonw_text(&w, "cluster_name", r->cluster_name);
    jsonw_text(&w, "product", r->product);
    jsonw_text(&w, "server_version", r->server_version);
    jsonw_time(&w, "created_at", r->created_ms);
    jsonw_u64(&w, "size_bytes", r->size_bytes);
    jsonw_text(&w, "sha256", r->sha256);
    jsonw_u64(&w, "raft_index", r->raft_index);
    jsonw_u64(&w, "raft_term", r->raft_term);
    jsonw_u64(&w, "entries", r->entries);
    jsonw_u64(&w, "state_bytes", r->state_bytes);
    jsonw_text(&w, "run_id", r->run_id);
    canary_record_write(&m->canary, &w);
    jsonw_array(&w, "prefixes");
    for (size_t i = 0; i < m->prefixes_count; i++) {
        jsonw_object(&w, NULL);
        jsonw_text(&w, "prefix", m->prefixes[i].prefix);
        jsonw_u64(&w, "entries", m->prefixes[i].entries);
        jsonw_u64(&w, "bytes", m->prefixes[i].bytes);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    write_baseline(&w, &m->baseline);
    jsonw_end_object(&w);
    int rc = sign_document(ENVELOPE_SNAPSHOT, &doc, signer, out, err);
    buf_done(&doc);
    return rc;
}

/* Of a finding only what and where: never what a value was. */
static void write_check(struct jsonw *w, const struct check_row *c)
{
    jsonw_object(w, NULL);
    jsonw_text(w, "name", c->name);
    jsonw_text(w, "outcome", c->outcome);
    jsonw_u64(w, "covered", c->covered);
    jsonw_u64(w, "total", c->total);
    jsonw_text(w, "message", c->message == NULL ? "" : c->message);
    jsonw_array(w, "findings");
    for (size_t i = 0; i < c->findings_count && i < LIMIT_FINDINGS; i++) {
        const char *path = c->findings[i].path;
        const char *kind = c->findings[i].kind;
        size_t len = path == NULL ? 0 : strnlen(path, FINDING_PATH_MAX);
        jsonw_object(w, NULL);
        jsonw_text(w, "kind", kind == NULL ? "" : kind);
        jsonw_text_len(w, "path", path == NULL ? "" : path, len);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_u64(w, "findings_total", c->findings_total);
    jsonw_end_object(w);
}

static void write_phases(struct jsonw *w, const struct run_phases *phases)
{
    jsonw_array(w, "phases");
    for (size_t i = 0; i < phases->count; i++) {
        const struct run_phase *p = &phases->items[i];
        jsonw_object(w, NULL);
        jsonw_text(w, "name", p->name);
        jsonw_time(w, "started_at", p->started_ms);
        if (p->duration_ms >= 0)
            jsonw_seconds(w, "duration_seconds", (double)p->duration_ms / 1000);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

int manifest_write_validation(const struct manifest_validation *m,
                              struct signer *signer, struct buf *out,
                              struct error *err)
{
    struct buf doc;
    struct jsonw w;

    buf_init(&doc, LIMIT_MANIFEST);
    jsonw_init(&w, &doc);
    jsonw_object(&w, NULL);
    jsonw_u64(&w, "layout", MANIFEST_VERSION);
    jsonw_text(&w, "run_id", m->run_id);
    jsonw_text(&w, "snapshot_id", m->snapshot_id);
    jsonw_text(&w, "sha256", m->sha256);
    jsonw_text(&w, "cluster", m->cluster);
    jsonw_text(&w, "driver", m->driver);
    jsonw_text(&w, "oracle", m->oracle);
    jsonw_text(&w, "verdict", store_verdict_name(m->verdict));
    jsonw_time(&w, "created_at", m->created_ms);
    jsonw_time(&w, "started_at", m->started_ms);
    jsonw_time(&w, "finished_at", m->finished_ms);
    if (m->restore_ms >= 0)
        jsonw_seconds(&w, "restore_seconds", (double)m->restore_ms / 1000);
    jsonw_object(&w, "requested_by");
    jsonw_text(&w, "display_name", m->requested_by);
    jsonw_text(&w, "entity_id", m->entity_id);
    jsonw_end_object(&w);
    jsonw_array(&w, "checks");
    for (size_t i = 0; i < m->checks_count; i++)
        write_check(&w, &m->checks[i]);
    jsonw_end_array(&w);
    write_phases(&w, &m->phases);
    if (m->basis != NULL)
        jsonw_raw(&w, "basis", m->basis);
    jsonw_end_object(&w);
    int rc = sign_document(ENVELOPE_VALIDATION, &doc, signer, out, err);
    buf_done(&doc);
    return rc;
}
