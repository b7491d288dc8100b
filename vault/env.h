/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment that Vault's and OpenBao's own CLIs read: VAULT_ADDR,
 * VAULT_TOKEN, VAULT_CACERT, VAULT_CAPATH, VAULT_CLIENT_CERT,
 * VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME, VAULT_SKIP_VERIFY,
 * VAULT_NAMESPACE, VAULT_PROXY_ADDR, and the same with BAO_, which wins where
 * both are set. */
#ifndef ASSAY_VAULT_ENV_H
#define ASSAY_VAULT_ENV_H

#include "base/error.h"
#include "vault/options.h"

/* Fill what the environment sets and leave the rest of `o` alone, so that a
 * file can be read first.  Strings point into the environment, or into
 * memory of this function that lives as long as the process.
 *
 * The token is taken only where `o` has no method yet: from BAO_TOKEN or
 * VAULT_TOKEN, else from ~/.vault-token (as a token file) if it exists.
 * -1: ERR_INVALID, a variable that makes no sense. */
int vault_options_from_env(struct vault_options *o, struct error *err) MUST_USE;

#endif
