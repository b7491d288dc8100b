/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/restore_target.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "vault/env.h"

int restore_target_open(const char *address, const char *token_file,
                        struct restore_target *out, struct error *err)
{
    struct vault_options o = {.address = NULL};
    int rc = -1;

    *out = (struct restore_target){.vault = NULL};
    if (token_file != NULL) {
        o.auth.method = VAULT_AUTH_TOKEN_FILE;
        o.auth.token_file = token_file;
    }
    if (vault_options_from_env(&o, err) != 0)
        return -1;
    o.address = address;
    o.namespace = NULL; /* a whole cluster is restored, whoever asks */
    out->has_token = o.auth.method != VAULT_AUTH_NONE;
    if (vault_options_check(&o, err) != 0 ||
        vault_new(&o, &out->vault, err) != 0)
        goto done;
    rc = vault_status_get(out->vault, &out->status, err);
done:
    if (rc != 0)
        restore_target_done(out);
    return rc;
}

void restore_target_done(struct restore_target *t)
{
    vault_free(t->vault);
    t->vault = NULL;
}

const char *restore_target_program(const struct restore_target *t)
{
    return t->status.product == VAULT_PRODUCT_OPENBAO ? "bao" : "vault";
}

static const char *prefix(const struct restore_target *t)
{
    return t->status.product == VAULT_PRODUCT_OPENBAO ? "BAO" : "VAULT";
}

/* As many shares as the snapshot's cluster has: a server that was initialised
 * with others has to be restarted before it takes the snapshot's. */
static void advise_init(const struct restore_target *t,
                        const struct unseal_config *seal, struct buf *out)
{
    const char *program = restore_target_program(t);
    bool shamir = strcmp(seal->type, "shamir") == 0;

    buf_printf(out,
               "%s is new: nobody has initialised it.  This command does it "
               "with -init.  Or type this\nfirst%s:\n\n    export %s_ADDR=%s\n",
               vault_address(t->vault),
               shamir ? " (the numbers are the snapshot's own, so that the "
                        "server need not be\nrestarted afterwards)"
                      : "",
               prefix(t), vault_address(t->vault));
    if (shamir)
        buf_printf(out,
                   "    %s operator init -key-shares=%" PRIu64
                   " -key-threshold=%" PRIu64 "\n",
                   program, seal->shares, seal->threshold);
    else
        buf_printf(out, "    %s operator init\n", program);
    for (uint64_t i = 0; shamir && i < seal->threshold; i++)
        buf_printf(out, "    %s operator unseal\n", program);
    buf_printf(out,
               "    export %s_TOKEN=...        # the Initial Root Token "
               "it printed\n\n"
               "Then this command again, with -force: the new cluster becomes "
               "the old one.  The keys\nand the token that init prints are "
               "worth nothing afterwards; only the snapshot's own\nkeys "
               "count.\n",
               prefix(t));
    if (!shamir && seal->type[0] != '\0') {
        buf_str(out, "\nThe snapshot's seal is ");
        output_text(out, seal->type, strlen(seal->type));
        buf_str(out, ": the configuration of the new server must have the "
                     "same\nseal stanza, with the same key, before it is "
                     "initialised.\n");
    }
}

static void advise_unseal(const struct restore_target *t, struct buf *out)
{
    buf_printf(out,
               "%s is sealed, and takes no restore before it is unsealed.  "
               "Type this first, with\nthe keys of that cluster (%u of %u):"
               "\n\n    export %s_ADDR=%s\n    %s operator unseal\n\n"
               "If its data cannot be unsealed any more: stop the server, move "
               "its raft directory away,\nstart it again, and run this command "
               "once more: it says how to go on from there.\n",
               vault_address(t->vault), t->status.threshold, t->status.shares,
               prefix(t), vault_address(t->vault), restore_target_program(t));
}

bool restore_target_ready(const struct restore_target *t,
                          const struct unseal_config *seal, struct buf *advice)
{
    if (!t->status.initialized)
        advise_init(t, seal, advice);
    else if (t->status.sealed)
        advise_unseal(t, advice);
    else if (!t->has_token)
        buf_printf(
            advice,
            "there is no token for %s: set %s_TOKEN, or use "
            "-token-file.  It needs `assay policy backup restore`;\na fresh "
            "server's root token is accepted\n",
            vault_address(t->vault), prefix(t));
    else
        return true;
    return false;
}
