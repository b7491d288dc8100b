/* SPDX-License-Identifier: Apache-2.0
 *
 * Until the archive is sent.  A server of our own is initialised with one
 * share: it is started again later.  One that is not ours goes on with the
 * share count it was initialised with, so that must be the snapshot's. */
#include <string.h>

#include "transient/keys.h"
#include "transient/restore_auto.h"
#include "transient/restore_steps.h"
#include "vault/raft.h"

int64_t restore_patience(const struct restore_flow *f)
{
    const struct transient_drivers *d = transient_options_of(f->t)->drivers;
    int64_t ms = RESTORE_FOREIGN_TIMEOUT_MS;

    if (transient_can_restart(f->t))
        return restore_or_default(f->o->init_timeout_ms,
                                  RESTORE_INIT_TIMEOUT_MS);
    /* Whoever expects `up` to be quick does not want to wait here either. */
    if (d->command.timeout_ms > 0 && d->command.timeout_ms < ms)
        ms = d->command.timeout_ms;
    if (d->terraform.timeout_ms > 0 && d->terraform.timeout_ms < ms)
        ms = d->terraform.timeout_ms;
    return restore_or_default(f->o->init_timeout_ms, ms);
}

int restore_up(struct restore_flow *f, struct error *err)
{
    const struct vault_wait wait = {.timeout_ms = restore_patience(f),
                                    .cancel = transient_cancel(f->t)};
    struct vault_status status;

    if (transient_up(f->t, err) != 0)
        return restore_blame_driver(f, err);
    if (restore_connect(f, err) != 0 ||
        vault_wait_ready(f->admin, VAULT_UNTIL_ANSWERS, &wait, &status, err) !=
            0) {
        if (!transient_can_restart(f->t))
            error_prefix(err, "what the driver raised is no usable server");
        return restore_blame(f, TRANSIENT_BROKEN, err);
    }
    return 0;
}

/* Initialise it, and be its root. */
static int give_birth(struct restore_flow *f,
                      const struct vault_init_options *how, struct error *err)
{
    struct vault_seal seal;

    if (vault_init(f->admin, how, &f->throwaway, err) != 0)
        return -1;
    for (unsigned i = 0; !how->recovery && i < how->threshold; i++) {
        if (vault_unseal(f->admin, f->throwaway.share[i], &seal, err) != 0)
            return -1;
    }
    return vault_use_token(f->admin, f->throwaway.root_token, err);
}

static int enter_ours(struct restore_flow *f, struct error *err)
{
    struct vault_init_options how = {.shares = 1, .threshold = 1};
    struct vault_seal seal;

    if (vault_seal_status(f->admin, &seal, err) != 0)
        return -1;
    how.recovery = restore_auto_sealed(&seal);
    return give_birth(f, &how, err);
}

/* It has a life already: we need to be let in. */
static int enter_initialised(struct restore_flow *f,
                             const struct vault_status *status,
                             struct error *err)
{
    if (f->facts.init_token == NULL)
        return error_set(err, ERR_PRECONDITION,
                         "it is initialised already, and nobody says with "
                         "which token: hand out init_token, or leave "
                         "initialising to Assay");
    if (status->sealed && !f->facts.unsealed)
        return error_set(err, ERR_PRECONDITION,
                         "it is initialised already, and sealed: unseal it "
                         "(and say unsealed), or leave both to Assay");
    return vault_use_token(f->admin, f->facts.init_token, err);
}

static int enter_foreign(struct restore_flow *f, struct error *err)
{
    const struct transient_shares *seal = &transient_options_of(f->t)->seal;
    struct vault_init_options how = {.shares = 1, .threshold = 1};
    struct vault_status status;

    if (vault_status_get(f->admin, &status, err) != 0)
        return -1;
    if (status.initialized || f->facts.unsealed)
        return enter_initialised(f, &status, err);
    if (f->facts.init_token != NULL)
        return error_set(err, ERR_PRECONDITION,
                         "an init_token was handed out, and the server is "
                         "not initialised");
    how.recovery = strcmp(status.seal_type, "shamir") != 0;
    if (!how.recovery && seal->shares > 0) {
        how.shares = seal->shares;
        how.threshold = seal->threshold;
    }
    return give_birth(f, &how, err);
}

int restore_init(struct restore_flow *f, struct error *err)
{
    const struct vault_wait wait = {.timeout_ms = restore_patience(f),
                                    .cancel = transient_cancel(f->t)};
    bool ours = transient_can_restart(f->t);
    struct vault_status status;

    if ((ours ? enter_ours(f, err) : enter_foreign(f, err)) != 0 ||
        vault_wait_ready(f->admin, VAULT_UNTIL_ACTIVE, &wait, &status, err) !=
            0) {
        restore_add_last_words(f, err);
        error_prefix(err, "the empty transient server");
        return restore_blame(f, TRANSIENT_BROKEN, err);
    }
    return ours ? 0 : restore_fit(f, err);
}

/* Only a server that read all of it and said no speaks about the archive;
 * somebody else's may be behind something that has its own opinions. */
static enum transient_outcome
judge_refusal(const struct restore_flow *f,
              const struct vault_restore_result *result,
              const struct error *err)
{
    static const char *const about_archives[] = {"snapshot", "decompress",
                                                 "hash"};
    static const char path[] = "snapshot-force";
    bool about = transient_can_restart(f->t);
    const char *words = strstr(err->text, path);

    /* The error begins with what was asked, which is no word of anybody's. */
    words = words == NULL ? err->text : words + strlen(path);
    if (result->outcome != VAULT_RESTORE_REFUSED ||
        strstr(err->text, "i/o timeout") != NULL)
        return TRANSIENT_BROKEN;
    for (size_t i = 0; i < 3 && !about; i++)
        about = strstr(words, about_archives[i]) != NULL;
    return about && (result->status == 400 || result->status == 500)
               ? TRANSIENT_REFUSED
               : TRANSIENT_BROKEN;
}

int restore_upload(struct restore_flow *f, struct error *err)
{
    const struct vault_restore what = {
        .source = f->o->archive,
        .force = true,
        .this_node = true,
        .cancel = transient_cancel(f->t),
    };
    struct vault_restore_result result;

    if (transient_fill(f->t, err) != 0)
        return restore_blame_driver(f, err);
    if (vault_snapshot_restore(f->admin, &what, &result, err) != 0) {
        enum transient_outcome whose = judge_refusal(f, &result, err);

        error_prefix(err, "the transient server did not take the archive");
        return restore_blame(f, whose, err);
    }
    return 0;
}
