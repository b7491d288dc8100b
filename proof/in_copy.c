/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/in_copy.h"

#include <string.h>

#include "proof/checks.h"
#include "proof/unsealed.h"
#include "vault/raft.h"

/* In the order in which they are asked. */
static const struct {
    const char *check;
    int (*run)(const struct proof_context *c, struct proof_result *r,
               struct error *err);
} questions[] = {
    {"decryptable", proof_in_copy_decryptable},
    {"authentic", proof_in_copy_authentic},
};

enum { QUESTIONS = sizeof questions / sizeof questions[0] };

static struct proof_result *find(struct proof_result *results, size_t count,
                                 const char *name)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(results[i].name, name) == 0)
            return results[i].outcome == PROOF_NOT_RUN ? &results[i] : NULL;
    }
    return NULL;
}

bool proof_in_copy_wanted(const struct proof_context *c,
                          const struct proof_result *results, size_t count)
{
    size_t i, q;

    if (!proof_unsealed_is_auto(c->unsealed))
        return false;
    for (i = 0; i < count; i++) {
        for (q = 0; q < QUESTIONS; q++) {
            if (results[i].outcome == PROOF_NOT_RUN &&
                strcmp(results[i].name, questions[q].check) == 0)
                return true;
        }
    }
    return false;
}

int proof_in_copy(const struct proof_context *c, struct proof_result *results,
                  size_t count, struct error *err)
{
    size_t q;

    if (!proof_in_copy_wanted(c, results, count))
        return 0;
    for (q = 0; q < QUESTIONS; q++) {
        struct proof_result *r = find(results, count, questions[q].check);
        const char *name;

        if (r == NULL)
            continue;
        name = r->name;
        proof_result_done(r);
        *r = (struct proof_result){.name = name};
        if (c->transient == NULL)
            proof_say_no_transient(c, r);
        else if (questions[q].run(c, r, err) != 0)
            return error_prefix(err, "the check \"%s\"", name);
    }
    return 0;
}

/* Which of its refusals speak about the sums. */
static bool is_about_sums(const struct error *err)
{
    return strstr(err->text, "could not verify hash file") != NULL ||
           strstr(err->text, "hash check failed") != NULL ||
           strstr(err->text, "checking integrity") != NULL;
}

static void judge_refusal(const struct vault_restore_result *result,
                          const struct error *err, struct proof_result *r)
{
    if (result->outcome == VAULT_RESTORE_REFUSED && is_about_sums(err)) {
        r->covered = 1;
        proof_find(r, "sums", "SHA256SUMS.sealed", NULL, NULL);
        proof_say(r, PROOF_FAIL,
                  "the restored copy refuses the archive, whose sealed sums "
                  "are not those of its content: somebody changed it and made "
                  "its sums again (%s)",
                  err->text);
    } else if (err->kind == ERR_DENIED) {
        proof_say(r, PROOF_NOT_RUN,
                  "the restored copy could not be asked: the policy of assay "
                  "in the snapshot must allow update on "
                  "sys/storage/raft/snapshot (`assay policy restore`)");
    } else {
        proof_say(r, PROOF_NOT_RUN, "the restored copy could not be asked: %s",
                  err->text);
    }
}

int proof_in_copy_authentic(const struct proof_context *c,
                            struct proof_result *r, struct error *err)
{
    struct vault_restore what = {.this_node = true, .cancel = c->cancel};
    struct vault_restore_result result;
    struct source archive;
    struct error why;
    int rc;

    if (c->open_archive(c->archive_ctx, &archive, err) != 0)
        return -1;
    r->total = 1;
    what.source = &archive;
    rc = vault_snapshot_restore(c->transient, &what, &result, &why);
    c->close_archive(c->archive_ctx, &archive);
    if (cancelled(c->cancel))
        return error_set(err, ERR_CANCELLED, "cancelled");
    if (rc == 0) {
        r->covered = 1;
        proof_say(r, PROOF_PASS,
                  "the restored copy, with the cluster's own seal, accepts "
                  "the sealed sums of this archive");
    } else {
        judge_refusal(&result, &why, r);
    }
    return 0;
}
