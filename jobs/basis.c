/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/basis.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"

static void write_target(struct jsonw *w, const char *key, int64_t ms)
{
    if (ms > 0)
        jsonw_seconds(w, key, (double)ms / 1000);
    else
        jsonw_null(w, key);
}

static void write_snapshot(struct jsonw *w, const struct snapshot_row *row)
{
    jsonw_object(w, "snapshot");
    jsonw_text(w, "cluster_id", row->cluster_id);
    jsonw_text(w, "cluster_name", row->cluster_name);
    jsonw_text(w, "product", row->product);
    jsonw_text(w, "server_version", row->server_version);
    jsonw_time(w, "created_at", row->created_ms);
    jsonw_u64(w, "size_bytes", row->size_bytes);
    jsonw_text(w, "sha256", row->sha256);
    jsonw_u64(w, "raft_index", row->raft_index);
    jsonw_u64(w, "raft_term", row->raft_term);
    jsonw_u64(w, "entries", row->entries);
    jsonw_u64(w, "state_bytes", row->state_bytes);
    jsonw_end_object(w);
}

/* Whether it was cut off from the rest of the world is known of the driver
 * that does it itself. */
static void write_transient(struct jsonw *w, const struct conclusion *c)
{
    const struct jobs_settings *s = c->job->settings;
    const char *driver =
        c->job->run.driver[0] != '\0' ? c->job->run.driver : s->driver;

    jsonw_object(w, "transient");
    jsonw_text(w, "driver", driver);
    jsonw_text(w, "server_version",
               c->transient_version[0] != '\0' ? c->transient_version : NULL);
    if (strcmp(driver, "process") == 0 && c->transient_version[0] != '\0')
        jsonw_bool(w, "isolated", !s->no_isolation);
    else
        jsonw_null(w, "isolated");
    jsonw_end_object(w);
}

char *basis_new(const struct conclusion *c, struct error *err)
{
    const struct jobs_settings *s = c->job->settings;
    struct buf out;
    struct jsonw w;
    char *text = NULL;

    buf_init(&out, LIMIT_REQUEST_BODY);
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "assay_version", ASSAY_VERSION);
    jsonw_array(&w, "required");
    for (size_t i = 0; i < s->required_count; i++)
        jsonw_text(&w, NULL, s->required[i]);
    jsonw_end_array(&w);
    write_target(&w, "rto_target_seconds", s->rto_target_ms);
    write_target(&w, "rpo_target_seconds", s->rpo_target_ms);
    write_snapshot(&w, c->row);
    write_transient(&w, c);
    jsonw_end_object(&w);
    if (buf_check(&out, "what the verdict is based on", err) == 0)
        text = buf_take(&out);
    buf_done(&out);
    return text;
}
