/* SPDX-License-Identifier: Apache-2.0
 *
 * How both sides are sealed, and which audit devices come with the data. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "jobs/plan_ask.h"
#include "jobs/shares.h"
#include "snapshot/head.h"
#include "transient/keys.h"
#include "transient/static_keys.h"
#include "vault/call.h"

enum { DEVICES_SHOWN = 3 };

/* What the snapshot's own cluster is unsealed with, as far as it is
 * configured. */
struct opened_with {
    struct keys *keys;
    struct static_keys statics;
    const char *shares[KEYS_MAX];
};

static void forget(struct opened_with *w)
{
    keys_free(w->keys);
    static_keys_done(&w->statics);
}

/* 0 also when there are none. */
static int read_keys(struct plan_ask *a, struct opened_with *w,
                     struct error *err)
{
    const struct jobs_settings *s = a->of->job->settings;
    const struct jobs_settings_cluster *c =
        jobs_settings_cluster(s, a->row->cluster);
    struct error ignored = {0};
    size_t skipped = 0;

    if (c != NULL && (c->key_files_count > 0 || c->command_count > 0) &&
        shares_read(c, &a->of->job->cancel, &w->keys, &ignored, err) != 0)
        return -1;
    for (size_t i = 0; i < keys_count(w->keys); i++)
        w->shares[i] = keys_at(w->keys, i);
    /* What cannot be read opens nothing. */
    if (static_keys_read(s->process->seal_files, s->process->seal_files_count,
                         &w->statics, &skipped, &ignored) != 0)
        w->statics = (struct static_keys){.count = 0};
    return 0;
}

static int read_head(struct plan_ask *a, const struct opened_with *w,
                     struct snapshot_head *head, struct error *why)
{
    const struct snapshot_head_keys keys = {
        .shares = w->shares,
        .shares_count = keys_count(w->keys),
        .statics = {.keys = (const uint8_t *)w->statics.bytes,
                    .count = w->statics.count},
    };
    struct source archive;

    if (archive_open(a->of->archive, &archive, why) != 0)
        return -1;
    int rc =
        snapshot_head_read(&archive, &keys, &a->of->job->cancel, head, why);
    archive_close(a->of->archive, &archive);
    return rc;
}

/* Two of Shamir's: whether a running server knows into how many parts. */
static void say_shamir(struct plan_ask *a, const struct unseal_config *of)
{
    const struct vault_status *now = &a->of->target->status;

    if (of->threshold == now->threshold && of->shares == now->shares)
        plan_say(a->plan, "seal", PLAN_OK,
                 "%" PRIu64 " of %" PRIu64 " key shares, snapshot and target "
                 "alike",
                 of->threshold, of->shares);
    else
        plan_say(a->plan, "seal", PLAN_WARNING,
                 "the snapshot is unsealed by %" PRIu64 " of %" PRIu64 " key "
                 "shares, the target by %u of %u, and a running server keeps "
                 "its own count: where it asks for shares after the restore, "
                 "restart it first",
                 of->threshold, of->shares, now->threshold, now->shares);
}

static void say_seal(struct plan_ask *a, const struct unseal_config *of)
{
    const struct vault_status *now = &a->of->target->status;

    if (!text_is_token(of->type) || of->type[0] == '\0')
        plan_say(a->plan, "seal", PLAN_WARNING,
                 "the archive does not say how its cluster is sealed; the "
                 "target's seal is %s",
                 now->seal_type);
    else if (strcmp(of->type, now->seal_type) != 0)
        plan_say(
            a->plan, "seal", PLAN_BLOCKER,
            "the snapshot is sealed by \"%s\", the target by \"%s\": after "
            "the restore it stays sealed until every node is restarted "
            "with the snapshot's seal configured",
            of->type, now->seal_type);
    else if (strcmp(of->type, "shamir") == 0)
        say_shamir(a, of);
    else if (a->foreign)
        plan_say(a->plan, "seal", PLAN_WARNING,
                 "both sides are sealed by \"%s\"; whether by the same key "
                 "there cannot be told from here, and only the snapshot's "
                 "opens it",
                 of->type);
    else
        plan_say(a->plan, "seal", PLAN_OK,
                 "sealed by \"%s\", snapshot and target alike", of->type);
}

/* Whether the target has that very device now. */
static bool has_device(const struct json *now, const struct contents_audit *d)
{
    static const char *const names[] = {"file_path", "path", "address",
                                        "facility"};
    const struct json *there = json_get(json_get(now, "data"), d->path);
    const struct json *options = json_get(there, "options");
    const char *place = "";

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (place[0] == '\0')
            place = json_get_text(options, names[i], "");
    return there != NULL &&
           strcmp(json_get_text(there, "type", ""), d->type) == 0 &&
           strcmp(place, d->place) == 0;
}

/* Those of the snapshot that the target does not have now. */
static size_t list_unknown(const struct contents *c, const struct json *now,
                           char *out, size_t size)
{
    size_t count = 0;
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < c->audits_count; i++) {
        const struct contents_audit *d = &c->audits[i];

        if (has_device(now, d))
            continue;
        if (++count <= DEVICES_SHOWN && len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%.40s (%.20s %s)",
                                    count == 1 ? "" : ", ", d->path, d->type,
                                    d->place);
    }
    for (char *p = out; *p != '\0'; p++)
        if (*p > 0 && *p < ' ')
            *p = '?';
    return count;
}

static void say_devices(struct plan_ask *a, const struct snapshot_head *head)
{
    struct json *now = NULL;
    struct error ignored = {0};
    char list[200];
    size_t count = 0;

    if (vault_read(a->of->target->leader, "sys/audit", &now, &ignored) != 0)
        now = NULL;
    count = list_unknown(&head->contents, now, list, sizeof(list));
    if (count == 0 && head->contents.unread + head->contents.left_out > 0)
        plan_say(a->plan, "audit_devices", PLAN_WARNING,
                 "not all of the snapshot's tables can be read, so that it may "
                 "have audit devices that are not seen here");
    else if (head->contents.audits_count == 0)
        plan_say(a->plan, "audit_devices", PLAN_OK,
                 "the snapshot has no audit device");
    else if (count == 0)
        plan_say(a->plan, "audit_devices", PLAN_OK,
                 "the target has every audit device of the snapshot open now");
    else
        plan_say(a->plan, "audit_devices", PLAN_WARNING,
                 "%zu audit devices come with the snapshot that the target "
                 "%s: %s; a server that can open none of its devices unseals "
                 "and never becomes active: see on each node that they can be "
                 "written",
                 count,
                 now == NULL ? "may not have (sys/audit cannot be read)"
                             : "does not have now",
                 list);
    json_free(now);
}

/* -1 only for an end asked for, or without memory. */
static int ask_devices(struct plan_ask *a, struct error *err)
{
    struct opened_with with = {.keys = NULL};
    struct snapshot_head head = {.keys = UNSEAL_TOO_FEW};
    struct error why = {0};
    int rc = read_keys(a, &with, err);

    if (rc == 0 && read_head(a, &with, &head, &why) != 0) {
        if (why.kind == ERR_CANCELLED) {
            *err = why;
            rc = -1;
        }
        text_copy(head.keys_text, sizeof(head.keys_text), why.text);
    }
    if (rc == 0 && head.keys == UNSEAL_OPENED)
        say_devices(a, &head);
    else if (rc == 0)
        plan_say(a->plan, "audit_devices", PLAN_WARNING,
                 "which audit devices come with the snapshot cannot be told "
                 "(%.200s); a server that can open none of its devices unseals "
                 "and never becomes active",
                 head.keys_text);
    snapshot_head_done(&head);
    forget(&with);
    return rc;
}

int plan_ask_seal(struct plan_ask *a, struct error *err)
{
    const struct opened_with nothing = {.keys = NULL};
    struct snapshot_head head = {.keys = UNSEAL_TOO_FEW};
    struct error why = {0};

    if (read_head(a, &nothing, &head, &why) != 0) {
        if (why.kind == ERR_CANCELLED) {
            *err = why;
            return -1;
        }
        plan_say(a->plan, "seal", PLAN_WARNING,
                 "how the snapshot's cluster is sealed cannot be told: %.300s",
                 why.text);
    } else {
        say_seal(a, &head.seal);
    }
    snapshot_head_done(&head);
    if (a->compared && plan_loss_sum(&a->loss.audits) == 0) {
        plan_say(a->plan, "audit_devices", PLAN_OK,
                 "the target's list of audit devices is that of the snapshot");
        return 0;
    }
    return ask_devices(a, err);
}
