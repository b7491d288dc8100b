/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/restore_target_init.h"

#include <string.h>

#include "vault/sys.h"

/* Its first election takes some seconds. */
enum { READY_MS = 60 * 1000 };

static int unseal(struct vault *v, const struct vault_keys *keys,
                  struct error *err)
{
    struct vault_seal now = {.sealed = true};

    for (size_t i = 0; i < keys->count && now.sealed; i++)
        if (vault_unseal(v, keys->share[i], &now, err) != 0)
            return -1;
    return 0;
}

/* It is initialised; the keys are still there. */
static int make_ready(struct restore_target *t, const struct vault_keys *keys,
                      bool shamir, const struct cancel *cancel,
                      struct error *err)
{
    const struct vault_wait wait = {.timeout_ms = READY_MS, .cancel = cancel};

    if (shamir && unseal(t->vault, keys, err) != 0)
        return -1;
    if (vault_wait_ready(t->vault, VAULT_UNTIL_ACTIVE, &wait, &t->status,
                         err) != 0 ||
        vault_use_token(t->vault, keys->root_token, err) != 0)
        return -1;
    t->has_token = true;
    return 0;
}

int restore_target_init(struct restore_target *t,
                        const struct unseal_config *seal,
                        const struct cancel *cancel, struct error *err)
{
    bool shamir = strcmp(seal->type, "shamir") == 0;
    const struct vault_init_options how = {
        .shares = shamir && seal->shares > 0 ? (unsigned)seal->shares : 1,
        .threshold =
            shamir && seal->threshold > 0 ? (unsigned)seal->threshold : 1,
        .recovery = !shamir,
    };
    struct vault_keys keys = {.count = 0};
    int rc = -1;

    if (vault_init(t->vault, &how, &keys, err) != 0)
        return error_prefix(err, "%s could not be initialised",
                            vault_address(t->vault));
    rc = make_ready(t, &keys, shamir, cancel, err);
    if (rc != 0)
        error_prefix(err, RESTORE_TARGET_ORPHANED, vault_address(t->vault));
    vault_keys_done(&keys);
    return rc;
}
