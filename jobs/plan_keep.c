/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/plan_keep.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "snapshot/reader.h"
#include "store/approvals.h"

static void say(const struct archive *archive,
                const struct snapshot_facts *facts, struct plan *plan)
{
    if (strcmp(facts->sha256, archive->row->sha256) != 0)
        plan_say(plan, "archive", PLAN_STOP,
                 "the stored archive is not the one that was catalogued: its "
                 "sha256 is %s",
                 facts->sha256);
    else
        plan_say(plan, "archive", PLAN_OK, "intact, sha256 %s", facts->sha256);
    text_copy(plan->archive_sha256, sizeof(plan->archive_sha256),
              facts->sha256);
}

int plan_keep_archive(struct job *job, struct archive *archive,
                      struct plan *plan, struct error *err)
{
    const struct snapshot_reader_options options = {.digest_archive = true,
                                                    .helper_thread = true};
    struct snapshot_facts facts;
    struct source source;
    struct error why = {0};

    if (job_phase(job, "rehash", err) != 0)
        return -1;
    if (archive_open(archive, &source, &why) != 0) {
        plan_say(plan, "archive", PLAN_STOP, "%s", why.text);
        return 0;
    }
    snapshot_facts_init(&facts);
    int rc =
        snapshot_read_source(&source, &options, &job->cancel, &facts, &why);
    archive_close(archive, &source);
    if (rc == 0)
        say(archive, &facts, plan);
    snapshot_facts_done(&facts);
    if (rc == 0)
        return 0;
    if (why.kind == ERR_CANCELLED) {
        *err = why;
        return -1;
    }
    plan_say(plan, "archive", PLAN_STOP, "%s", why.text);
    return 0;
}

int plan_keep_number(const struct job *job, struct plan *plan,
                     char fingerprint[DIGEST_SHA256_HEX], struct error *err)
{
    const struct run *run = &job->run;
    bool covered = false;

    if (plan_fingerprint(plan, fingerprint, err) != 0)
        return -1;
    plan->revision = run->plan_revision;
    if (strcmp(fingerprint, run->plan_fingerprint) == 0)
        return 0;
    if (run->plan != NULL && plan_covered(plan, run->plan, &covered, err) != 0)
        return -1;
    if (covered)
        return 0;
    plan->revision++;
    return run->plan == NULL ? 0 : plan_compare(plan, run->plan, err);
}

int plan_keep_store(const struct job *job, const struct plan *plan,
                    const char *fingerprint, struct error *err)
{
    struct approvals_plan new = {.revision = plan->revision,
                                 .fingerprint = fingerprint,
                                 .sha256 = plan->archive_sha256,
                                 .cluster_id = plan->cluster_id};
    struct buf text;

    buf_init(&text, LIMIT_REQUEST_BODY);
    int rc = plan_write(plan, &text, err);
    new.json = buf_text(&text);
    if (rc == 0)
        rc = approvals_set_plan(job->world->store, job->run.id, &new, err);
    buf_done(&text);
    return rc;
}
