/* SPDX-License-Identifier: Apache-2.0
 *
 * The copy of a recovery: raised as a validation's is, and asked for one
 * secret. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "jobs/archive.h"
#include "jobs/recover.h"
#include "jobs/seal.h"
#include "proof/unsealed.h"
#include "vault/sys.h"

/* How the archive is sealed decides what the copy is raised with; and whoever
 * holds the wrong keys learns it before there is one. */
static int look_at_seal(struct validation *v, struct error *err)
{
    struct proof_result asked = {.name = "keys"};
    const struct snapshot_proof *proof = NULL;
    int rc = -1;

    v->context = (struct proof_context){
        .open_archive = archive_open,
        .close_archive = archive_close,
        .archive_ctx = &v->archive,
        .sha256 = v->row.sha256,
        .size_bytes = v->row.size_bytes,
        .product = v->row.product,
        .server_version = v->row.server_version,
        .cancel = &v->job->cancel,
    };
    for (size_t i = 0; i < keys_count(v->keys); i++)
        v->shares[i] = keys_at(v->keys, i);
    v->context.unsealed = proof_unsealed_new(v->shares, keys_count(v->keys));
    if (v->context.unsealed == NULL)
        return error_memory(err);
    seal_read_statics(v->job->settings, &v->statics, v->context.unsealed);
    if (job_phase(v->job, "unseal", err) == 0)
        rc = proof_unsealed_ask(&v->context, &asked, &proof, err);
    proof_result_done(&asked);
    return rc;
}

static int no_copy(const struct validation *v, struct error *err)
{
    if (err != NULL)
        *err = v->why;
    if (err != NULL && err->kind == ERR_NONE)
        (void)error_set(err, ERR_INTERNAL, "no reason is known");
    return error_prefix(err, "the snapshot cannot be raised");
}

static int read_there(struct recovery *r, struct error *err)
{
    const struct recover_want *w = &r->want;
    struct vault_kv_place place;

    if (vault_kv_locate(r->v.copy, recover_want_mount(w), w->path, &place,
                        err) != 0)
        return -1;
    (void)text_copy(r->name, sizeof(r->name), place.path);
    if (place.version == 1 && w->version > 0)
        return error_set(err, ERR_INVALID,
                         "version: %.200s keeps none; leave it out",
                         place.mount);
    return vault_kv_read(r->v.copy, &place, w->version, &r->secret, err);
}

/* Whoever allowed it where the login is refused, allowed it here. */
static int become_root(struct recovery *r, struct error *err)
{
    struct validation *v = &r->v;
    char *token = NULL;
    int rc = -1;

    if (vault_generate_root(v->copy, v->shares, keys_count(v->keys), &token,
                            err) != 0)
        return -1;
    rc = vault_use_token(v->copy, token, err);
    secret_free(token);
    return rc;
}

static int explain_refusal(const struct recovery *r, const struct error *why,
                           struct error *err)
{
    return error_set(
        err, ERR_DENIED,
        "Assay's login may not read %.120s in the copy, where policies are as "
        "they were when the snapshot was taken: path \"%.120s\" with read must "
        "have been in one (`assay policy recover-read`), or "
        "transient.allow_generate_root be set (%.90s)",
        r->name[0] != '\0' ? r->name : r->want.path,
        r->name[0] != '\0' ? r->name : r->want.path, why->text);
}

static int explain_missing(const struct recovery *r, struct error *err)
{
    char version[40] = "";

    if (r->want.version > 0)
        (void)snprintf(version, sizeof(version), ", version %" PRIu64,
                       r->want.version);
    return error_set(err, ERR_NOT_FOUND,
                     "the snapshot has no %.200s%s, or only a deleted one",
                     r->name[0] != '\0' ? r->name : r->want.path, version);
}

static int read_secret(struct recovery *r, struct error *err)
{
    struct error why = {0};
    int rc = read_there(r, &why);

    if (rc != 0 && why.kind == ERR_DENIED &&
        r->v.job->settings->drivers->allow_generate_root &&
        keys_count(r->v.keys) > 0) {
        struct error no_root = {0};

        if (become_root(r, &no_root) == 0)
            rc = read_there(r, &why);
        else
            why = no_root;
    }
    if (rc == 0)
        return 0;
    if (why.kind == ERR_DENIED)
        return explain_refusal(r, &why, err);
    if (why.kind == ERR_NOT_FOUND)
        return explain_missing(r, err);
    *err = why;
    transient_explain(r->v.transient, err);
    return error_prefix(err, "reading the copy");
}

int recover_copy_read(struct recovery *r, struct error *err)
{
    struct validation *v = &r->v;

    if (v->keys == NULL)
        return no_copy(v, err);
    if (look_at_seal(v, err) != 0 || validation_copy_make(v, err) != 0)
        return -1;
    if (v->copy == NULL)
        return no_copy(v, err);
    if (job_check(v->job, err) != 0 ||
        job_status(v->job, RUN_CHECKING, err) != 0 ||
        job_phase(v->job, "read", err) != 0)
        return -1;
    return read_secret(r, err);
}
