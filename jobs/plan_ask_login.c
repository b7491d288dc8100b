/* SPDX-License-Identifier: Apache-2.0
 *
 * How old things are: the snapshot, and the credential that must still be
 * good once it is back. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "jobs/plan_ask.h"
#include "jobs/raise.h"
#include "store/checks.h"
#include "vault/call.h"

/* The server's clock is not ours. */
enum { SKEW_MS = 5000 };

void plan_ask_age(struct plan_ask *a)
{
    const struct snapshot_row *row = a->row;
    int64_t now = clock_now_ms();
    struct snapshot_row newest;
    struct error ignored = {0};
    char age[32];
    char proof[32];

    text_human_duration(now - row->created_ms, age, sizeof(age));
    text_human_duration(now - row->validated_ms, proof, sizeof(proof));
    if (snapshots_get(a->of->job->world->store, "latest-valid", row->cluster,
                      &newest, &ignored) == 0 &&
        strcmp(newest.cluster_id, row->cluster_id) == 0 &&
        newest.created_ms > row->created_ms)
        plan_say(a->plan, "age", PLAN_WARNING,
                 "taken %s ago (%s)%s%s%s; a newer valid one is there: %s", age,
                 a->since, row->validated_ms > 0 ? ", validated " : "",
                 row->validated_ms > 0 ? proof : "",
                 row->validated_ms > 0 ? " ago" : "", newest.id);
    else
        plan_say(a->plan, "age", PLAN_OK, "taken %s ago (%s)%s%s%s", age,
                 a->since, row->validated_ms > 0 ? ", validated " : "",
                 row->validated_ms > 0 ? proof : "",
                 row->validated_ms > 0 ? " ago" : "");
}

/* How the snapshot's validation got on with logging in. */
enum tried { NOT_TRIED, LET_IN, AS_ROOT, REFUSED };

static enum tried look_at_validation(struct plan_ask *a)
{
    struct check_list list = {.count = 0};
    enum tried tried = NOT_TRIED;
    struct error ignored = {0};

    if (a->row->validation_id[0] == '\0' ||
        checks_load(a->of->job->world->store, a->row->validation_id, &list,
                    &ignored) != 0)
        return NOT_TRIED;
    for (size_t i = 0; i < list.count; i++) {
        const struct check_row *c = &list.items[i];

        if (strcmp(c->name, "restorable") != 0)
            continue;
        if (strstr(c->message, RAISE_AS_ROOT) != NULL)
            tried = AS_ROOT;
        else if (strcmp(c->outcome, "pass") == 0)
            tried = LET_IN;
        else
            tried = REFUSED;
    }
    check_list_done(&list);
    return tried;
}

/* When our token was made, by the server's clock, and whether it is the
 * credential itself.  False: that is not known. */
static bool own_token(struct plan_ask *a, int64_t *made_ms, bool *credential)
{
    struct json *answer = NULL;
    struct error ignored = {0};
    int64_t seconds = 0;

    if (vault_read(a->of->target->leader, "auth/token/lookup-self", &answer,
                   &ignored) != 0)
        return false;
    const struct json *data = json_get(answer, "data");
    const char *path = json_get_text(data, "path", "");
    bool known = json_i64(json_get(data, "creation_time"), &seconds) &&
                 seconds > 0 && seconds < INT64_MAX / 1000;
    *made_ms = seconds * 1000;
    *credential = text_starts(path, "auth/token/");
    json_free(answer);
    return known;
}

static void say_tried(struct plan_ask *a)
{
    bool another = a->of->job->settings->drivers->auth != NULL;

    switch (look_at_validation(a)) {
    case LET_IN:
        plan_say(a->plan, "login_after", another ? PLAN_WARNING : PLAN_OK,
                 "the validation %s logged in to the restored copy%s",
                 a->row->validation_id,
                 another ? ", but by transient.auth: whether clusters.*.auth "
                           "is older than the snapshot was not tried"
                         : " with Assay's own credential");
        break;
    case AS_ROOT:
        plan_say(a->plan, "login_after", PLAN_WARNING,
                 "the restored copy knew no credential of Assay's (the "
                 "validation %s asked as root): Assay will not be able to log "
                 "in and verify afterwards; give it a secret-id from before %s",
                 a->row->validation_id, a->since);
        break;
    case REFUSED:
    case NOT_TRIED:
        plan_say(a->plan, "login_after", PLAN_WARNING,
                 "Assay's login is younger than the snapshot, and no "
                 "validation logged in to a restored copy: if its secret-id "
                 "was made after %s, it will not be able to verify the "
                 "restored cluster",
                 a->since);
        break;
    }
}

void plan_ask_login(struct plan_ask *a)
{
    int64_t made_ms = 0;
    bool credential = false;

    if (a->foreign)
        plan_say(a->plan, "login_after", PLAN_WARNING,
                 "the snapshot is of another cluster: what logs Assay in to "
                 "the target now is gone afterwards, and only a credential "
                 "that the snapshot knows lets it verify");
    else if (!own_token(a, &made_ms, &credential))
        say_tried(a);
    else if (made_ms + SKEW_MS <= a->row->created_ms)
        plan_say(a->plan, "login_after", PLAN_OK,
                 "Assay's login is older than the snapshot, which knows its "
                 "credential");
    else if (credential && made_ms > a->row->created_ms + SKEW_MS)
        plan_say(a->plan, "login_after", PLAN_BLOCKER,
                 "Assay's own token was made after the snapshot and dies with "
                 "the restore, which then nobody verifies: configure a "
                 "credential from before %s",
                 a->since);
    else
        say_tried(a);
}
