/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/recorded.h"

#include "base/limits.h"
#include "base/log.h"
#include "store/audit.h"

static struct audit_entry entry_of(const struct run *run, const char *event)
{
    return (struct audit_entry){
        .type = AUDIT_RUN,
        .subject = run->id,
        .display_name = run->display_name,
        .entity_id = run->entity_id,
        .token_key = run->requester_key,
        .event = event,
    };
}

/* Those that bring something to the cluster. */
static bool is_recorded(enum run_kind kind)
{
    return kind == RUN_RESTORE || kind == RUN_RECOVERY;
}

int recorded_sending(const struct job *job, const char *message,
                     struct error *err)
{
    struct audit_entry entry = entry_of(&job->run, "sending");

    if (job->world->audit == NULL)
        return 0;
    entry.message = message;
    return audit_write(job->world->audit, &entry, err);
}

void recorded_end(const struct job *job, enum run_status status,
                  const char *error)
{
    struct audit_entry entry = entry_of(&job->run, run_status_name(status));
    struct error err = {0};

    if (job->world->audit == NULL || !is_recorded(job->run.kind))
        return;
    entry.error = error;
    entry.message = job->summary;
    if (audit_write(job->world->audit, &entry, &err) != 0)
        log_error("%s %s: its end: %s", run_kind_name(job->run.kind),
                  job->run.id, err.text);
}

void recorded_look(const struct job_world *world, enum run_status status,
                   struct run_list *out)
{
    const struct runs_filter filter = {
        .kind = -1, .status = (int)status, .limit = LIMIT_PAGE};
    struct error err = {0};

    *out = (struct run_list){0};
    if (world->audit != NULL &&
        runs_list(world->store, &filter, out, &err) != 0)
        log_error("runs cannot be read: %s", err.text);
}

static void write_over(const struct job_world *world, const struct run *run)
{
    struct audit_entry entry = entry_of(run, run_status_name(run->status));
    struct error err = {0};

    entry.error = run->error;
    if (audit_write(world->audit, &entry, &err) != 0)
        log_error("%s %s: its end: %s", run_kind_name(run->kind), run->id,
                  err.text);
}

void recorded_over(const struct job_world *world, struct run_list *list)
{
    struct error ignored;

    for (size_t i = 0; i < list->count; i++) {
        struct run now;

        if (runs_get(world->store, list->items[i].id, &now, &ignored) != 0)
            continue;
        if (run_status_final(now.status) && is_recorded(now.kind))
            write_over(world, &now);
        run_done(&now);
    }
    run_list_done(list);
}
