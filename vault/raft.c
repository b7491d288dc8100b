/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/raft.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "vault/internal.h"
#include "vault/send.h"

#define SNAPSHOT_PATH "sys/storage/raft/snapshot"

static void fill_info(struct vault_snapshot_info *info,
                      const struct vault *leader, const struct vault_status *st)
{
    memset(info, 0, sizeof *info);
    (void)text_copy(info->leader_address, sizeof info->leader_address,
                    leader->address);
    (void)text_copy(info->version, sizeof info->version, st->version);
    (void)text_copy(info->cluster_id, sizeof info->cluster_id, st->cluster_id);
    (void)text_copy(info->cluster_name, sizeof info->cluster_name,
                    st->cluster_name);
    info->product = st->product;
    info->raft_index = st->raft_applied_index;
}

static int check_body(struct vault *leader, const struct http_response *r,
                      const struct exchange *x, struct error *err)
{
    if (send_check(x, r, err) != 0)
        return -1;
    if (r->status != 200)
        return error_set(err, ERR_UPSTREAM,
                         "%s answered %d to %s, where 200 was expected",
                         leader->address, r->status, x->path);
    if (r->received == 0)
        return error_set(err, ERR_CORRUPT,
                         "%s answered 200 with an empty snapshot",
                         leader->address);
    return 0;
}

/* An OpenBao node that lost the leadership on the way has handed out a
 * copy that may lag, without a word. */
static int check_still_leader(struct vault *leader, struct error *err)
{
    struct vault_status st;

    if (vault_status_get(leader, &st, NULL) != 0 || !st.ha_enabled ||
        st.is_self)
        return 0;
    return error_set(err, ERR_UNAVAILABLE,
                     "%s lost the leadership while its snapshot was taken: "
                     "it may not be the newest",
                     leader->address);
}

int vault_snapshot_take(struct vault *v, const struct sink *sink,
                        const struct cancel *cancel,
                        struct vault_snapshot_info *info, struct error *err)
{
    struct vault *leader = NULL;
    struct vault_status st;
    struct exchange x = {
        .method = "GET", .path = SNAPSHOT_PATH, .sink = sink, .cancel = cancel};
    struct http_response r;
    int rc = -1;

    assert(v != NULL && sink != NULL && info != NULL);
    http_response_init(&r);
    if (vault_leader(v, &leader, &st, err) != 0)
        goto done;
    if (call_exchange(leader, &x, &r, err) != 0 ||
        check_body(leader, &r, &x, err) != 0 ||
        check_still_leader(leader, err) != 0)
        goto done;
    fill_info(info, leader, &st);
    info->bytes = r.received;
    rc = 0;
done:
    http_response_done(&r);
    vault_free(leader);
    return rc;
}

const char *vault_restore_outcome_name(enum vault_restore_outcome o)
{
    switch (o) {
    case VAULT_RESTORE_NOT_SENT:
        return "not_sent";
    case VAULT_RESTORE_REFUSED:
        return "refused";
    case VAULT_RESTORE_DOUBTFUL:
        return "doubtful";
    case VAULT_RESTORE_ACCEPTED:
        return "accepted";
    }
    return "doubtful";
}

/* The one node that is meant must lead, or its 204 would be a lie. */
static int this_node(struct vault *v, struct vault **leader, struct error *err)
{
    struct vault_status st;

    if (vault_status_get(v, &st, err) != 0)
        return -1;
    /* Who was gone by then has not said that another one leads. */
    if (st.initialized && !st.sealed && !st.ha_enabled &&
        vault_status_get(v, &st, err) != 0)
        return -1;
    if (!st.initialized || st.sealed)
        return error_set(err, ERR_UNAVAILABLE, "%s is %s", v->address,
                         st.initialized ? "sealed" : "not initialized");
    if (!st.is_self)
        return error_set(err, ERR_UNAVAILABLE,
                         "%s is not the leader: nothing was sent", v->address);
    return vault_at(v, v->address, leader, err);
}

/* What is known from how the POST ended.  A server applies nothing before
 * it has read and verified the whole archive; its own errors all come before
 * that, and its 204 just before it starts. */
static enum vault_restore_outcome outcome_of(const struct http_response *r)
{
    if (r->failure != HTTP_FINE)
        return r->sent_all ? VAULT_RESTORE_DOUBTFUL : VAULT_RESTORE_NOT_SENT;
    if (r->status >= 200 && r->status < 300)
        return VAULT_RESTORE_ACCEPTED;
    /* Said by something in front of the server, which may have had it all. */
    if ((r->status == 502 || r->status == 504) && r->sent_all)
        return VAULT_RESTORE_DOUBTFUL;
    return VAULT_RESTORE_REFUSED;
}

static int post(struct vault *leader, const struct vault_restore *what,
                struct vault_restore_result *result, struct error *err)
{
    struct exchange x = {
        .method = "POST",
        .path = what->force ? SNAPSHOT_PATH "-force" : SNAPSHOT_PATH,
        .upload = what->source,
        .cancel = what->cancel,
        .once = true,
    };
    const int64_t start = clock_mono_ms();
    struct http_response r;
    char *token = NULL;
    unsigned generation;
    int rc = -1;

    http_response_init(&r);
    if (login_token(leader, &token, &generation, err) != 0)
        goto done;
    x.token = token;
    rc = send_exchange(leader, &x, &r, err);
    if (rc == 0)
        rc = send_check(&x, &r, err);
    result->outcome = outcome_of(&r);
    result->status = r.status;
    result->sent = r.sent;
    if (result->outcome == VAULT_RESTORE_DOUBTFUL)
        (void)error_prefix(err, "the archive was sent and may be restored");
done:
    result->duration_ms = clock_mono_ms() - start;
    secret_free(token);
    http_response_done(&r);
    return rc;
}

int vault_snapshot_restore(struct vault *v, const struct vault_restore *what,
                           struct vault_restore_result *result,
                           struct error *err)
{
    struct vault *leader = NULL;
    int rc;

    assert(v != NULL && what->source != NULL && result != NULL);
    memset(result, 0, sizeof *result);
    result->outcome = VAULT_RESTORE_NOT_SENT;
    rc = what->this_node ? this_node(v, &leader, err)
                         : vault_leader(v, &leader, NULL, err);
    if (rc != 0)
        return -1;
    assert(leader != NULL);
    (void)text_copy(result->leader_address, sizeof result->leader_address,
                    leader->address);
    rc = post(leader, what, result, err);
    vault_free(leader);
    return rc;
}
