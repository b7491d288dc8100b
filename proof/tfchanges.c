/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/tfchanges.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/tape.h"
#include "base/text.h"
#include "proof/tfstate.h"

enum { NAMES_MAX = 200, FIRST_MAX = 160 };

struct judge {
    const struct tfchanges_options *o;
    struct tape *tape;
    const struct tape_node *drift;
    struct proof_result *r;
    struct buf a, b; /* canonical forms */
    uint64_t faults, ahead;
    char first[FIRST_MAX];
    char elsewhere[FIRST_MAX]; /* a provider that was not asked here */
};

static const struct tape_node *get(const struct judge *j,
                                   const struct tape_node *n, const char *key)
{
    return tape_get(j->tape, n, key);
}

static const char *text(const struct judge *j, const struct tape_node *n,
                        const char *key)
{
    return tape_get_text(j->tape, n, key, "");
}

static bool is_ours(const struct judge *j, const struct tape_node *change)
{
    return strcmp(text(j, change, "mode"), "managed") == 0 &&
           tfstate_is_vault(text(j, change, "provider_name"));
}

/* "create", "delete,create", …; "no-op" among them. */
static void actions(const struct judge *j, const struct tape_node *change,
                    char *out, size_t size)
{
    const struct tape_node *list = get(j, get(j, change, "change"), "actions");
    size_t used = 0;

    out[0] = '\0';
    for (const struct tape_node *n = tape_first(j->tape, list); n != NULL;
         n = tape_next(j->tape, n)) {
        int len = snprintf(out + used, size - used, "%s%s", used > 0 ? "," : "",
                           tape_text(j->tape, n, "?"));

        if (len < 0 || (size_t)len >= size - used)
            return;
        used += (size_t)len;
    }
}

/* Of one resource, for its address; NULL: it has not drifted. */
static const struct tape_node *drift_of(const struct judge *j,
                                        const char *address)
{
    for (const struct tape_node *n = tape_first(j->tape, j->drift); n != NULL;
         n = tape_next(j->tape, n))
        if (strcmp(text(j, n, "address"), address) == 0)
            return n;
    return NULL;
}

/* The first refresh after an apply turns null into [] here and there. */
static bool is_empty(const struct judge *j, const struct tape_node *n)
{
    switch (tape_type(n)) {
    case JSON_NULL:
        return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return tape_count(n) == 0;
    case JSON_STRING:
        return tape_text(j->tape, n, "")[0] == '\0';
    default:
        return false;
    }
}

static bool differ(struct judge *j, const struct tape_node *a,
                   const struct tape_node *b)
{
    if (is_empty(j, a) && is_empty(j, b))
        return false;
    buf_clear(&j->a);
    buf_clear(&j->b);
    tape_canonical(j->tape, a, &j->a);
    tape_canonical(j->tape, b, &j->b);
    return j->a.len != j->b.len ||
           memcmp(buf_text(&j->a), buf_text(&j->b), j->a.len) != 0;
}

static bool attribute_differs(struct judge *j, const struct tape_node *change,
                              const char *name)
{
    const struct tape_node *c = get(j, change, "change");

    return differ(j, get(j, get(j, c, "before"), name),
                  get(j, get(j, c, "after"), name));
}

/* Names of attributes that the plan would change; with `drift`, of those
 * that have drifted besides.  How many. */
static size_t changed(struct judge *j, const struct tape_node *change,
                      const struct tape_node *drift, char out[NAMES_MAX])
{
    const struct tape_node *after = get(j, get(j, change, "change"), "after");
    size_t used = 0, count = 0;

    out[0] = '\0';
    for (const struct tape_node *n = tape_first(j->tape, after); n != NULL;
         n = tape_next(j->tape, n)) {
        const char *name = tape_key(j->tape, n);
        int len;

        if (!attribute_differs(j, change, name) ||
            (drift != NULL && !attribute_differs(j, drift, name)))
            continue;
        count++;
        len = snprintf(out + used, NAMES_MAX - used, "%s%s",
                       used > 0 ? ", " : "", name);
        if (len > 0 && (size_t)len < NAMES_MAX - used)
            used += (size_t)len;
        else
            out[used] = '\0';
    }
    return count;
}

static void fault(struct judge *j, const char *kind, const char *address,
                  const char *expected, const char *found)
{
    if (j->faults++ == 0)
        (void)text_copy(j->first, sizeof j->first, address);
    proof_find(j->r, kind, address, expected, found);
}

static void ahead(struct judge *j, const char *kind, const char *address,
                  const char *expected, const char *found)
{
    j->ahead++;
    proof_find(j->r, kind, address, expected, found);
}

static void judge_update(struct judge *j, const struct tape_node *change,
                         const char *address, const char *action)
{
    const struct tape_node *drift = drift_of(j, address);
    char names[NAMES_MAX], found[NAMES_MAX + 64];

    if (drift != NULL && changed(j, change, drift, names) > 0) {
        (void)snprintf(found, sizeof found, "%.40s: %s", action, names);
        fault(j, "fault_changed", address, "as Terraform last saw it", found);
        return;
    }
    (void)changed(j, change, NULL, names);
    (void)snprintf(found, sizeof found, "%.40s: %s", action, names);
    ahead(j, "drift_changed", address, "as in the code, not applied yet",
          found);
}

static void judge_create(struct judge *j, const char *address,
                         const char *action)
{
    const struct tape_node *drift = drift_of(j, address);
    char gone[32];

    if (drift != NULL) {
        actions(j, drift, gone, sizeof gone);
        if (strcmp(gone, "delete") == 0) {
            fault(j, "fault_missing", address, "as Terraform last saw it",
                  "create: not there");
            return;
        }
    }
    ahead(j, "drift_missing", address, "as in the code, not applied yet",
          action);
}

static void judge_change(struct judge *j, const struct tape_node *change)
{
    const char *address = text(j, change, "address");
    char action[64];

    j->r->total++;
    actions(j, change, action, sizeof action);
    if (strcmp(action, "no-op") == 0)
        return;
    if (strcmp(action, "create") == 0)
        judge_create(j, address, action);
    else if (strcmp(action, "delete") == 0 || strcmp(action, "forget") == 0)
        ahead(j, "drift_added", address, "no longer in the code", action);
    else
        judge_update(j, change, address, action);
}

/* A provider that nobody pointed at the copy would have answered for another
 * cluster, and nothing of it counts. */
static void check_providers(struct judge *j, const struct tape_node *root)
{
    const struct tape_node *all =
        get(j, get(j, root, "configuration"), "provider_config");

    for (const struct tape_node *n = tape_first(j->tape, all); n != NULL;
         n = tape_next(j->tape, n)) {
        const struct tape_node *address =
            get(j, get(j, n, "expressions"), "address");

        if (!tfstate_is_vault(text(j, n, "full_name")))
            continue;
        if (strcmp(text(j, address, "constant_value"), j->o->address) != 0)
            (void)text_copy(j->elsewhere, sizeof j->elsewhere,
                            tape_key(j->tape, n));
    }
}

static void conclude(const struct judge *j)
{
    struct proof_result *r = j->r;

    r->covered = r->total;
    if (j->elsewhere[0] != '\0') {
        r->covered = 0;
        proof_say(r, PROOF_NOT_RUN,
                  "asked %s, whose provider configuration %.160s could not be "
                  "pointed at the restored copy",
                  j->o->with, j->elsewhere);
    } else if (j->faults > 0) {
        proof_say(r, PROOF_FAIL,
                  "%" PRIu64 " of %" PRIu64 " resources of %s are not as "
                  "Terraform last saw them (the first: %s), unless they were "
                  "applied after the snapshot was taken",
                  j->faults, r->total, j->o->with, j->first);
    } else if (r->total == 0) {
        proof_say(r, PROOF_NOT_RUN, "nothing in %s is Vault's", j->o->with);
    } else if (j->ahead > 0) {
        proof_say(r, PROOF_DRIFT,
                  "compared %" PRIu64 " resources with %s: all are as "
                  "Terraform last saw them, and %" PRIu64 " changes of the "
                  "code have not been applied yet",
                  r->total, j->o->with, j->ahead);
    } else {
        proof_say(r, PROOF_PASS,
                  "compared %" PRIu64 " resources with %s: the plan changes "
                  "nothing",
                  r->total, j->o->with);
    }
}

static void judge_all(struct judge *j)
{
    const struct tape_node *root = tape_root(j->tape);
    const struct tape_node *changes = get(j, root, "resource_changes");

    j->drift = get(j, root, "resource_drift");
    check_providers(j, root);
    if (j->elsewhere[0] != '\0')
        return;
    for (const struct tape_node *n = tape_first(j->tape, changes); n != NULL;
         n = tape_next(j->tape, n))
        if (is_ours(j, n))
            judge_change(j, n);
}

int tfchanges_judge(const struct tfchanges_options *o, char *json, size_t len,
                    struct proof_result *r, struct error *err)
{
    struct judge j = {.o = o, .r = r, .tape = tape_new()};
    int rc = -1;

    if (j.tape == NULL)
        return error_memory(err);
    buf_init_secret(&j.a, LIMIT_TERRAFORM_STATE);
    buf_init_secret(&j.b, LIMIT_TERRAFORM_STATE);
    tape_set_depth(j.tape, LIMIT_TERRAFORM_DEPTH);
    if (tape_parse(j.tape, json, len, err) != 0)
        goto done;
    if (tape_type(get(&j, tape_root(j.tape), "format_version")) !=
        JSON_STRING) {
        (void)error_set(err, ERR_INVALID, "it is no plan");
        goto done;
    }
    judge_all(&j);
    if (buf_check(&j.a, "a value", err) != 0 ||
        buf_check(&j.b, "a value", err) != 0)
        goto done;
    conclude(&j);
    rc = 0;
done:
    buf_done(&j.a);
    buf_done(&j.b);
    tape_free(j.tape);
    return rc;
}
