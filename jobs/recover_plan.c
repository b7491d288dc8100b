/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a recovery: what is brought back, from a snapshot that is
 * proved, and what is there now.  The subject is a part of the fingerprint:
 * when somebody writes the secret between approval and execution, what was
 * approved is not done. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "jobs/archive.h"
#include "jobs/credential.h"
#include "jobs/plan_keep.h"
#include "jobs/recover.h"
#include "vault/wrapped.h"

static void check_verdict(struct recovery *r)
{
    const struct snapshot_row *row = &r->v.row;
    struct error why = {0};

    if (archive_check_verdict(r->v.job, row, &why) == 0)
        plan_say(&r->plan, "verdict", PLAN_OK,
                 "valid, by the signed validation %s", row->validation_id);
    else
        plan_say(&r->plan, "verdict", PLAN_STOP,
                 "only what is proved is read from: %s", why.text);
}

int recover_sender(struct recovery *r, struct vault **out, struct error *err)
{
    struct vault *leader = NULL;
    struct vault *who =
        r->handed != NULL ? r->handed : r->v.cluster->restore_vault;
    int rc = -1;

    if (vault_leader(r->v.cluster->vault, &leader, &r->status, err) != 0)
        return -1;
    rc = vault_at(who, vault_address(leader), out, err);
    vault_free(leader);
    return rc;
}

static const char *what_is_written(const struct recovery *r)
{
    return r->want.wrap ? "sys/wrapping/wrap" : r->primary.path;
}

static void check_rights(struct recovery *r, struct vault *sender)
{
    const char *path = what_is_written(r);
    const unsigned rights =
        r->want.wrap ? VAULT_KV_UPDATE : VAULT_KV_CREATE | VAULT_KV_UPDATE;
    struct error err = {0};
    const int may = vault_kv_may(sender, path, rights, &err);

    if (may > 0)
        plan_say(&r->plan, "rights", PLAN_OK, "Assay's login may write %.200s",
                 path);
    else if (may == 0)
        plan_say(&r->plan, "rights", PLAN_STOP,
                 "Assay's login may not %supdate %.200s: its policy lacks that "
                 "line (`assay policy recover` prints such)",
                 r->want.wrap ? "" : "create and ", path);
    else
        plan_say(&r->plan, "rights", PLAN_STOP, "%s", err.text);
}

/* A store that keeps no versions forgets what it had. */
static void judge_unversioned(struct recovery *r)
{
    if (!r->now.exists)
        plan_say(&r->plan, "destination", PLAN_OK,
                 "%.200s does not exist, and is made", r->primary.path);
    else if (r->want.overwrite)
        plan_say(&r->plan, "destination", PLAN_WARNING,
                 "%.200s exists and its store keeps no versions: what is in it "
                 "now is lost, as the request says",
                 r->primary.path);
    else
        plan_say(&r->plan, "destination", PLAN_STOP,
                 "%.200s exists and its store keeps no versions: what is in it "
                 "now would be lost; ask with overwrite, or with to=wrap",
                 r->primary.path);
}

static void judge_versioned(struct recovery *r)
{
    if (r->now.version > 0)
        plan_say(&r->plan, "destination", PLAN_OK,
                 "%.200s is at version %" PRIu64
                 ", which stays; the secret becomes the one after",
                 r->primary.path, r->now.version);
    else
        plan_say(&r->plan, "destination", PLAN_OK,
                 "%.200s has no version, and is made", r->primary.path);
}

static void check_destination(struct recovery *r, struct vault *sender)
{
    struct error err = {0};

    if (vault_kv_locate(sender, recover_want_mount(&r->want), r->want.path,
                        &r->primary, &err) != 0) {
        plan_say(&r->plan, "destination", PLAN_STOP, "%s", err.text);
        return;
    }
    check_rights(r, sender);
    r->looked = vault_kv_look(sender, &r->primary, &r->now, &err) == 0;
    if (!r->looked)
        plan_say(&r->plan, "destination", PLAN_STOP,
                 "what is there now cannot be seen (`assay policy recover` "
                 "prints the lines it takes): %.300s",
                 err.text);
    else if (r->primary.version == 2)
        judge_versioned(r);
    else
        judge_unversioned(r);
}

static void say_unseen(struct recovery *r)
{
    plan_say(&r->plan, "rights", PLAN_OK,
             "Assay has no credential that writes to %s: it comes with an "
             "approval",
             r->v.cluster->name);
    if (!r->want.wrap)
        plan_say(&r->plan, "destination", PLAN_OK,
                 "what is there is looked at when the credential has come; a "
                 "store without versions is then written only if nothing is "
                 "there, or the request says overwrite");
}

static void check_primary(struct recovery *r)
{
    struct vault *sender = NULL;
    struct error err = {0};

    if (recover_sender(r, &sender, &err) != 0) {
        plan_say(&r->plan, "primary", PLAN_STOP, "%s", err.text);
        return;
    }
    (void)text_copy(r->plan.cluster_id, sizeof(r->plan.cluster_id),
                    r->status.cluster_id);
    plan_say(&r->plan, "primary", PLAN_OK, "%s leads %s", vault_address(sender),
             r->v.cluster->name);
    if (vault_awaits_credential(r->v.cluster->restore_vault))
        say_unseen(r);
    else if (r->want.wrap)
        check_rights(r, sender);
    else
        check_destination(r, sender);
    vault_free(sender);
}

static void write_subject(struct recovery *r)
{
    const struct recover_want *w = &r->want;
    char which[48];
    char now[48] = "";

    if (w->version == 0)
        (void)snprintf(which, sizeof(which), "the newest version");
    else
        (void)snprintf(which, sizeof(which), "version %" PRIu64, w->version);
    if (r->looked && r->primary.version == 2)
        (void)snprintf(now, sizeof(now), ", which is at version %" PRIu64,
                       r->now.version);
    (void)snprintf(r->plan.subject, sizeof(r->plan.subject),
                   "%s%s%s, %s in the snapshot, to %s%s", w->mount,
                   w->mount[0] != '\0' ? ": " : "", w->path, which,
                   w->wrap ? "the requester, wrapped" : r->v.cluster->name,
                   now);
}

int recover_plan(struct recovery *r, struct error *err)
{
    struct job *job = r->v.job;

    check_verdict(r);
    if (plan_keep_archive(job, &r->v.archive, &r->plan, err) != 0 ||
        job_phase(job, "primary", err) != 0)
        return -1;
    check_primary(r);
    write_subject(r);
    if (credential_examine(job, r->v.cluster->restore_vault, &r->plan, err) !=
            0 ||
        job_check(job, err) != 0 ||
        plan_keep_number(job, &r->plan, r->fingerprint, err) != 0)
        return -1;
    return plan_keep_store(job, &r->plan, r->fingerprint, err);
}
