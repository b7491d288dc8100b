/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/recorded.h"

#include "base/log.h"
#include "store/audit.h"

static struct audit_entry entry_of(const struct job *job, const char *event)
{
    return (struct audit_entry){
        .type = AUDIT_RUN,
        .subject = job->run.id,
        .display_name = job->run.display_name,
        .entity_id = job->run.entity_id,
        .token_key = job->run.requester_key,
        .event = event,
    };
}

int recorded_sending(const struct job *job, const char *message,
                     struct error *err)
{
    struct audit_entry entry = entry_of(job, "sending");

    if (job->world->audit == NULL)
        return 0;
    entry.message = message;
    return audit_write(job->world->audit, &entry, err);
}

void recorded_end(const struct job *job, enum run_status status,
                  const char *error)
{
    struct audit_entry entry = entry_of(job, run_status_name(status));
    struct error err = {0};

    if (job->world->audit == NULL || job->run.kind != RUN_RESTORE)
        return;
    entry.error = error;
    entry.message = job->summary;
    if (audit_write(job->world->audit, &entry, &err) != 0)
        log_error("%s %s: its end: %s", run_kind_name(job->run.kind),
                  job->run.id, err.text);
}
