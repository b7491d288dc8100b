/* SPDX-License-Identifier: Apache-2.0
 *
 * What callers need follows from the table of routes, so that a new route is
 * in the policies the day it is in the API.  What the daemon itself needs is
 * what vault/ asks for. */
#include "cli/policy.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "cli/flags.h"
#include "cli/rights.h"
#include "handlers/handlers.h"
#include "proof/probes.h"
#include "vault/canary.h"

enum { POLICY_MAX = 64 * 1024 };

/* What the daemon asks of the cluster. */
struct need {
    const char *path;
    const char *capability; /* as a policy lists it */
    const char *why;
};

static const struct need backup_needs[] = {
    {"sys/storage/raft/snapshot", "\"read\"",
     "to take snapshots, also back from a restored copy"},
    {"sys/storage/raft/configuration", "\"read\"", "the nodes of the cluster"},
    {"sys/storage/raft/autopilot/state", "\"read\"",
     "whether they are healthy"},
    {"sys/ha-status", "\"read\"", "and where they listen"},
    {"auth/token/lookup-self", "\"read\"", "what our own token may do"},
    {"auth/token/renew-self", "\"update\"", "keep it alive"},
    {NULL, NULL, NULL},
};

static const struct need prove_needs[] = {
    {"sys/storage/raft/snapshot", "\"read\"",
     "to take the copy's data back, and compare it"},
    {"auth/token/lookup-self", "\"read\"", "whose token it is"},
    {NULL, NULL, NULL},
};

static const struct need restore_needs[] = {
    {"sys/storage/raft/snapshot", "\"update\"", "put a snapshot back"},
    {"sys/wrapping/wrap", "\"update\"",
     "the marker that proves that it was applied"},
    {"sys/capabilities-self", "\"update\"",
     "whether it may, before anything is sent"},
    {NULL, NULL, NULL},
};

static const struct need plan_needs[] = {
    {"sys/mounts", "\"read\"", "call a mount by its path"},
    {"sys/auth", "\"read\"", "and an auth method"},
    {NULL, NULL, NULL},
};

static const struct need force_needs[] = {
    {"sys/storage/raft/snapshot-force", "\"update\"",
     "put back a snapshot of another cluster, with other keys"},
    {NULL, NULL, NULL},
};

static const struct need raw_needs[] = {
    {"sys/raw/*", "\"read\", \"sudo\"",
     "have a restored copy decrypt every entry"},
    {NULL, NULL, NULL},
};

static const struct need terraform_needs[] = {
    {"sys/mounts/*", "\"read\"", "engines and methods, and their tuning"},
    {"sys/auth/+/tune", "\"read\"", "the same, as older providers ask"},
    {NULL, NULL, NULL},
};

struct policy {
    const char *name;
    const char *about; /* lines, each a comment */
    const struct need *needs;
    unsigned rights; /* enum access_right, of callers */
    void (*write)(const struct policy_mounts *mounts, struct buf *out);
};

static void write_need(struct buf *out, const char *path,
                       const char *capabilities, const char *why)
{
    buf_printf(out, "\n# %s\npath \"%s\" {\n  capabilities = [%s]\n}\n", why,
               path, capabilities);
}

static void write_canary_needs(enum vault_canary_who who, const char *mount,
                               struct buf *out)
{
    struct vault_canary_need need;

    for (size_t i = 0; vault_canary_need(who, i, mount, &need); i++)
        write_need(out, need.path, need.capabilities, need.why);
}

static void write_canary(const struct policy_mounts *mounts, struct buf *out)
{
    write_canary_needs(VAULT_CANARY_DAEMON, mounts->canary, out);
}

static void write_canary_setup(const struct policy_mounts *mounts,
                               struct buf *out)
{
    write_canary_needs(VAULT_CANARY_OPERATOR, mounts->canary, out);
}

static void write_inventory(const struct policy_mounts *mounts, struct buf *out)
{
    probes_policy_write(PROBES_POLICY_ROOT, mounts->kv1, out);
}

static void write_namespaces(const struct policy_mounts *mounts,
                             struct buf *out)
{
    probes_policy_write(PROBES_POLICY_NAMESPACES, mounts->kv1, out);
}

static void write_values(const struct policy_mounts *mounts, struct buf *out)
{
    probes_policy_write(PROBES_POLICY_VALUES, mounts->kv1, out);
}

static void write_scan(const struct policy_mounts *mounts, struct buf *out)
{
    probes_policy_write(PROBES_POLICY_SCAN, mounts->kv1, out);
}

/* Stores of KV version 1 have no folder that tells them from others. */
static void write_unversioned(const struct policy_mounts *mounts,
                              const char *capabilities, struct buf *out)
{
    const char *at = mounts->kv1 != NULL ? mounts->kv1 : "";

    while (*at != '\0') {
        const size_t len = strcspn(at, ",");

        if (len > 0)
            buf_printf(out, "\npath \"%.*s/*\" {\n  capabilities = [%s]\n}\n",
                       (int)len, at, capabilities);
        at += len;
        at += *at == ',';
    }
}

static void write_recover(const struct policy_mounts *mounts, struct buf *out)
{
    write_need(out, "+/data/*", "\"create\", \"update\"",
               "write a secret, as a new version");
    write_need(out, "+/metadata/*", "\"read\"", "which version is there now");
    write_need(out, "sys/wrapping/wrap", "\"update\"",
               "or wrap it for whoever asked");
    write_need(out, "sys/capabilities-self", "\"update\"",
               "whether it may, before anything is read");
    write_unversioned(mounts, "\"create\", \"update\", \"read\"", out);
}

static void write_recover_read(const struct policy_mounts *mounts,
                               struct buf *out)
{
    write_need(out, "+/data/*", "\"read\"", "the secret, in the copy");
    write_unversioned(mounts, "\"read\"", out);
}

#define EVERYTHING UINT_MAX

static const struct policy policies[] = {
    {"backup",
     "Assay's own token: look, and take snapshots; nothing else.\n"
     "A role for it, with tokens that leave no entry in the store:\n"
     "  vault write auth/approle/role/assay token_policies=assay \\\n"
     "      token_type=batch token_ttl=20m\n"
     "Its secret-id must be older than the snapshots that are restored.\n"
     "It proves them too, unless transient.auth says otherwise.\n"
     "Restoring takes the policy \"restore\" besides, for the same role or\n"
     "for one of its own (restore_auth).",
     backup_needs, 0, NULL},
    {"prove",
     "Assay's token in restored copies, where that is another (transient.auth)."
     "\nWith an oracle, \"inventory\" besides; with canaries, \"canary\".",
     prove_needs, 0, NULL},
    {"inventory",
     "Assay's own token, where inventories are made: lists, settings.\n"
     "A + stands for whatever a mount is called: put names in their place to\n"
     "allow less.  Stores of KV version 1 take a line each: -kv1=PATH,PATH.\n"
     "What a line is missing for is named in the inventory.",
     NULL, 0, write_inventory},
    {"inventory-namespaces",
     "The same in namespaces, and for mounts in a folder.\n"
     "Two levels of either.",
     NULL, 0, write_namespaces},
    {"inventory-values",
     "Besides, where the values of KV stores are compared: reads secrets.",
     NULL, 0, write_values},
    {"inventory-scan",
     "Besides, on OpenBao: stores of KV version 1 (-kv1) all at once.\n"
     "Vault does not know this capability and refuses the policy.",
     NULL, 0, write_scan},
    {"terraform",
     "Besides \"inventory\", where Terraform plans against a restored copy\n"
     "(oracles.terraform.dir).  Code that holds secrets in its state (KV and\n"
     "generic secrets) takes \"inventory-values\" as well, or a line for each.",
     terraform_needs, 0, NULL},
    {"plan",
     "Assay's own token, so that a restore's plan names what would be undone;\n"
     "without, it shows the ids of mounts.",
     plan_needs, 0, NULL},
    {"restore",
     "Assay's token that restores: sends archives to the cluster, and no "
     "more.\nFor the daemon's own role, for that of restore_auth, or for the "
     "token\nthat an approver hands over.",
     restore_needs, 0, NULL},
    {"restore-force",
     "Assay's own token, where foreign snapshots may be forced in.",
     force_needs, 0, NULL},
    {"recover",
     "Assay's token that brings single secrets back to the primary "
     "(recoveries).\nFor that of restore_auth, or for the token that an "
     "approver hands over.\nPut names in the place of + and * to allow less; "
     "stores of KV version 1\ntake a line each: -kv1=PATH,PATH.",
     NULL, 0, write_recover},
    {"recover-read",
     "Besides \"prove\", for who reads those secrets in the restored copy\n"
     "(transient.auth): there policies are as the snapshot has them, so it "
     "must\nhave been in force before.",
     NULL, 0, write_recover_read},
    {"raw",
     "Assay's own token, for clusters that a KMS unseals: the restored copy "
     "is\n"
     "asked for every entry.  Means nothing on servers without\n"
     "raw_storage_endpoint in their configuration, as the primary should be.",
     raw_needs, 0, NULL},
    {"canary",
     "Assay's own token, where canary.mount is set: write the marker before a\n"
     "backup, and ask for it in the restored copy.",
     NULL, 0, write_canary},
    {"canary-setup", "Whoever runs `assay canary setup`, once.", NULL, 0,
     write_canary_setup},
    {"viewer", "Callers who look.", NULL, ACCESS_RIGHT_READ, NULL},
    {"operator", "Callers who take backups and validate them.", NULL,
     ACCESS_RIGHT_READ | ACCESS_RIGHT_OPERATE, NULL},
    {"restorer", "Callers who ask for restores as well.", NULL,
     ACCESS_RIGHT_READ | ACCESS_RIGHT_OPERATE | ACCESS_RIGHT_RESTORE, NULL},
    {"recoverer",
     "Callers who ask for single secrets of a snapshot, and may be handed "
     "them.",
     NULL, ACCESS_RIGHT_READ | ACCESS_RIGHT_RECOVER, NULL},
    {"approver",
     "Callers who approve or reject what others ask for: restores, and "
     "recoveries.",
     NULL, ACCESS_RIGHT_READ | ACCESS_RIGHT_APPROVE, NULL},
    {"auditor", "Callers who read the audit record.", NULL, ACCESS_RIGHT_AUDIT,
     NULL},
    {"admin", "Callers who may do everything, also delete snapshots.", NULL,
     EVERYTHING, NULL},
};
enum { POLICIES = sizeof(policies) / sizeof(policies[0]) };

static void write_comment(struct buf *out, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        buf_printf(out, "# %.*s\n", (int)len, text);
        text += len;
        text += *text == '\n';
    }
}

static void write_needs(struct buf *out, const struct need *needs)
{
    for (; needs->path != NULL; needs++)
        write_need(out, needs->path, needs->capability, needs->why);
}

/* "snapshots/:id/diff/:other" as policies say it: "snapshots/+/diff/+". */
static void write_path(struct buf *out, const char *mount, const char *pattern)
{
    buf_printf(out, "\npath \"%s/", mount);
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p != ':') {
            buf_char(out, *p);
            continue;
        }
        buf_char(out, '+');
        p += strcspn(p, "/") - 1;
    }
    buf_str(out, "\" {\n  capabilities = [");
}

static const char *capability(enum verb verb)
{
    switch (verb) {
    case VERB_READ:
        return "read";
    case VERB_LIST:
        return "list";
    case VERB_WRITE:
        return "update";
    case VERB_DELETE:
        break;
    }
    return "delete";
}

/* An open route needs no right. */
static bool needs_right(const struct policy *policy, const struct route *r)
{
    return (r->flags & ROUTE_OPEN) == 0 &&
           (policy->rights == EVERYTHING ||
            (policy->rights & rights_of_route(r)) != 0);
}

/* One block per path, for all operations on it; written at its first. */
static void write_route(struct buf *out, const struct policy *policy,
                        const char *mount, const struct route *first)
{
    unsigned flags = 0;
    const char *comma = "";

    for (const struct route *r = handlers_routes; r != first; r++)
        if (needs_right(policy, r) && strcmp(r->pattern, first->pattern) == 0)
            return;
    write_path(out, mount, first->pattern);
    for (const struct route *r = first; r->pattern != NULL; r++) {
        if (!needs_right(policy, r) || strcmp(r->pattern, first->pattern) != 0)
            continue;
        flags |= r->flags;
        buf_printf(out, "%s\"%s\"", comma, capability(r->verb));
        comma = ", ";
    }
    if ((flags & ROUTE_SUDO) != 0)
        buf_str(out, ", \"sudo\"");
    buf_str(out, "]\n}\n");
}

/* The one token for everything but restoring had the first name before there
 * were others. */
static const struct policy *find(const char *name)
{
    if (strcmp(name, "daemon") == 0)
        name = "backup";
    for (size_t i = 0; i < POLICIES; i++)
        if (strcmp(policies[i].name, name) == 0)
            return &policies[i];
    return NULL;
}

static int unknown(const char *name, struct error *err)
{
    struct nearest nearest;
    const char *best = NULL;
    struct buf all;

    buf_init(&all, 512);
    nearest_init(&nearest, name);
    for (size_t i = 0; i < POLICIES; i++) {
        nearest_offer(&nearest, policies[i].name);
        buf_printf(&all, "%s%s", i > 0 ? ", " : "", policies[i].name);
    }
    best = nearest_best(&nearest);
    (void)error_set(
        err, ERR_INVALID, "there is no policy %s%s%s%s; there are %s", name,
        best != NULL ? " (did you mean " : "", best != NULL ? best : "",
        best != NULL ? "?)" : "", buf_text(&all));
    buf_done(&all);
    return -1;
}

int policy_write_for(const char *name, const struct policy_mounts *mounts,
                     struct buf *out, struct error *err)
{
    const struct policy *policy = find(name);

    if (policy == NULL)
        return unknown(name, err);
    write_comment(out, policy->about);
    if (policy->write != NULL)
        policy->write(mounts, out);
    else if (policy->needs != NULL)
        write_needs(out, policy->needs);
    else
        for (const struct route *r = handlers_routes; r->pattern != NULL; r++)
            if (needs_right(policy, r))
                write_route(out, policy, mounts->api, r);
    return buf_check(out, "the policy", err);
}

int policy_write(const char *name, const char *mount, struct buf *out,
                 struct error *err)
{
    const struct policy_mounts mounts = {.api = mount,
                                         .canary = VAULT_CANARY_MOUNT};

    return policy_write_for(name, &mounts, out, err);
}

static void list_policies(void)
{
    for (size_t i = 0; i < POLICIES; i++) {
        size_t len = strcspn(policies[i].about, "\n");

        printf("%-20s %.*s\n", policies[i].name, (int)len, policies[i].about);
    }
}

int cli_policy(int argc, char **argv)
{
    struct policy_mounts mounts = {.api = "assay",
                                   .canary = VAULT_CANARY_MOUNT};
    const struct flag flags[] = {
        {"mount", FLAG_TEXT, &mounts.api, "PATH", "access.mount, if not assay"},
        {"kv1", FLAG_TEXT, &mounts.kv1, "PATH,…",
         "stores of KV version 1, for the inventory policies"},
        {"canary", FLAG_TEXT, &mounts.canary, "PATH",
         "canary.mount, if not " VAULT_CANARY_MOUNT},
        {0}};
    const struct flags_usage usage = {
        .usage =
            "assay policy [-mount=PATH] [-canary=PATH] [-kv1=PATH,…] NAME…",
        .about = "Print the Vault policy of that name, several as one text; "
                 "without a name, their list.\n\n"
                 "    assay policy backup restore plan |\n"
                 "        vault policy write assay -",
        .flags = flags};
    struct error err = {0};
    struct buf out;
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? 0 : 2;
    buf_init(&out, POLICY_MAX);
    if (count == 0)
        list_policies();
    for (int i = 1; i <= count && rc == 0; i++) {
        if (i > 1)
            buf_char(&out, '\n');
        rc = policy_write_for(argv[i], &mounts, &out, &err);
    }
    if (rc == 0)
        fputs(buf_text(&out), stdout);
    else
        fprintf(stderr, "%s\n", err.text);
    buf_done(&out);
    return rc == 0 ? 0 : 2;
}
