/* SPDX-License-Identifier: Apache-2.0
 *
 * Log in to the restored copy as whoever is meant to; a root token is the
 * last resort, made in the copy alone, and gone with it. */
#include <string.h>

#include "transient/login.h"
#include "transient/restore_steps.h"
#include "vault/auth.h"

static int log_in(struct restore_flow *f, struct vault_token *token,
                  struct error *err)
{
    const struct login_options who = {
        .auth = f->o->auth, .primary = f->o->primary, .facts = &f->facts};
    struct vault *v = NULL;

    if (login_client(&who, &v, err) != 0)
        return -1;
    if (vault_own_token(v, token, err) != 0) {
        vault_free(v);
        return error_prefix(err, "cannot log in to the restored copy (the "
                                 "credential must be older than the "
                                 "snapshot; for one that is bound to "
                                 "addresses see transient.client_address)");
    }
    f->vault = v;
    return 0;
}

static bool may_be_root(const struct restore_flow *f)
{
    const struct transient_drivers *d = transient_options_of(f->t)->drivers;

    return d != NULL && d->allow_generate_root && keys_count(f->o->keys) > 0;
}

int restore_login(struct restore_flow *f, struct error *err)
{
    struct vault_token token = {.type = ""};
    struct error root = {0};

    if (log_in(f, &token, err) == 0) {
        f->report->batch_login = strcmp(token.type, "batch") == 0;
        return 0;
    }
    if (err->kind == ERR_CANCELLED || !may_be_root(f))
        return restore_blame(f, TRANSIENT_LOGIN, err);
    if (login_as_root(&f->facts, f->o->keys, &f->vault, &root) != 0) {
        error_prefix(err, "no root token either (%.200s)", root.text);
        return restore_blame(f, TRANSIENT_LOGIN, err);
    }
    f->report->root_login = true;
    error_clear(err);
    return 0;
}
