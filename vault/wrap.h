/* SPDX-License-Identifier: Apache-2.0
 *
 * Something put away by the server itself, until whoever has the wrapping
 * token comes for it: once, and not later than its time to live. */
#ifndef ASSAY_VAULT_WRAP_H
#define ASSAY_VAULT_WRAP_H

#include <stdint.h>

#include "base/error.h"
#include "vault/vault.h"

/* Wrap `json`, the text of an object, with sys/wrapping/wrap; sent once.  The
 * token is for the caller to release with secret_free.  Errors as in
 * vault/call.h. */
int vault_wrap(struct vault *v, const char *json, int64_t ttl_ms, char **token,
               struct error *err) MUST_USE;

#endif
