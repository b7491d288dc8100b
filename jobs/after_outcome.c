/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/after_outcome.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"

static const char *const states[] = {
    [AFTER_UNSURE] = "unknown",        [AFTER_UNCHANGED] = "unchanged",
    [AFTER_SEALED] = "sealed",         [AFTER_UNSETTLED] = "unsettled",
    [AFTER_LOCKED_OUT] = "locked_out", [AFTER_DIFFERS] = "differs",
    [AFTER_RESTORED] = "restored",
};

const char *after_outcome_state(enum after_state state)
{
    return states[state];
}

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void write_nodes(const struct after *a, struct jsonw *w)
{
    jsonw_array(w, "nodes");
    for (size_t i = 0; i < a->count; i++) {
        const struct after_node *n = &a->node[i];

        jsonw_object(w, NULL);
        jsonw_text(w, "id", text_or_null(n->id));
        jsonw_text(w, "address", n->address);
        jsonw_bool(w, "leader", n->status.is_self);
        if (n->status.reachable)
            jsonw_bool(w, "sealed", n->status.sealed);
        else
            jsonw_null(w, "sealed");
        if (n->status.raft_applied_index != 0)
            jsonw_u64(w, "raft_applied_index", n->status.raft_applied_index);
        else
            jsonw_null(w, "raft_applied_index");
        jsonw_text(w, "message", text_or_null(n->text));
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_fact(struct jsonw *w, const char *key, enum vault_fact fact)
{
    if (fact == VAULT_NOT_ALLOWED)
        jsonw_null(w, key);
    else
        jsonw_bool(w, key, fact == VAULT_YES);
}

static void write_applied(const struct after *a, struct jsonw *w)
{
    if (a->applied == AFTER_UNKNOWN)
        jsonw_null(w, "applied");
    else
        jsonw_bool(w, "applied", a->applied == AFTER_APPLIED);
}

static void write_login(const struct after *a, struct jsonw *w)
{
    jsonw_object(w, "login");
    jsonw_bool(w, "ok", a->login != NULL);
    jsonw_text(w, "message", text_or_null(a->login_text));
    jsonw_end_object(w);
}

static bool has_way_back(const struct after *a)
{
    return a->safety[0] != '\0' && a->state != AFTER_UNCHANGED;
}

/* What went in by force, across clusters or keys, goes back only by force. */
static void write_body(const struct after *a, struct jsonw *w, const char *key)
{
    jsonw_object(w, key);
    jsonw_text(w, "snapshot", a->safety);
    jsonw_text(w, "target", a->job->run.target);
    if (a->target->force)
        jsonw_bool(w, "force", true);
    jsonw_end_object(w);
}

static void write_way_back(const struct after *a, struct jsonw *w)
{
    if (!has_way_back(a)) {
        jsonw_null(w, "way_back");
        return;
    }
    jsonw_object(w, "way_back");
    jsonw_text(w, "method", "POST");
    jsonw_text(w, "path", "restores");
    write_body(a, w, "body");
    jsonw_end_object(w);
}

int after_outcome_store(const struct after *a, struct error *err)
{
    struct buf text;
    struct jsonw w;
    int rc;

    buf_init(&text, LIMIT_MANIFEST);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "state", states[a->state]);
    jsonw_text(&w, "sent", vault_restore_outcome_name(a->sent));
    write_applied(a, &w);
    jsonw_text(&w, "leader", vault_address(a->leader));
    jsonw_bool(&w, "leader_changed", a->leader_changed);
    write_nodes(a, &w);
    write_login(a, &w);
    write_fact(&w, "autopilot_healthy", a->healthy);
    if (a->compared.name != NULL)
        proof_result_write(&a->compared, &w, "baseline");
    else
        jsonw_null(&w, "baseline");
    write_way_back(a, &w);
    jsonw_end_object(&w);
    rc = buf_check(&text, "the outcome", err);
    if (rc == 0)
        rc = runs_set_outcome(a->job->world->store, a->job->run.id,
                              buf_text(&text), err);
    buf_done(&text);
    return rc;
}

void after_outcome_advise(const struct after *a, struct error *err)
{
    char said[ERROR_TEXT_MAX];
    enum error_kind kind = err->kind;
    struct buf body;
    struct jsonw w;

    memcpy(said, err->text, sizeof(said));
    if (a->state == AFTER_UNCHANGED) {
        (void)error_set(err, kind, "%.440s. Nothing needs to be undone", said);
        return;
    }
    if (!has_way_back(a)) {
        (void)error_set(err, kind, "%.440s. There is no safety snapshot", said);
        return;
    }
    buf_init(&body, LIMIT_REQUEST_BODY);
    jsonw_init(&w, &body);
    write_body(a, &w, NULL);
    (void)error_set(err, kind, "%.320s. The way back: POST restores %s", said,
                    buf_check(&body, "the way back", NULL) == 0
                        ? buf_text(&body)
                        : a->safety);
    buf_done(&body);
}
