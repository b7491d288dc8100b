/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of servers, compared by what they mean: scheme, host and port. */
#ifndef ASSAY_VAULT_ADDRESS_H
#define ASSAY_VAULT_ADDRESS_H

#include <stdbool.h>

#include "vault/vault.h"

/* "HTTPS://Vault.example/v1/x?y" becomes "https://vault.example:443"; a
 * unix:// address stays as it is.  False, and "" written, when it is neither
 * http, https nor unix, has a user part, or is too long. */
bool address_normal(const char *url, char out[VAULT_ADDRESS_MAX]);
bool address_same(const char *a, const char *b);
bool address_same_scheme(const char *a, const char *b);
/* This machine alone can be meant: "localhost", 127.0.0.0/8, ::1.  Also
 * without a scheme, "host:port".  A socket is none; nor is a name that only
 * begins like one. */
bool address_is_loopback(const char *address);
/* Percent-encode everything in `path` but unreserved characters and '/':
 * malloc'd, or NULL without memory. */
char *address_encode_path(const char *path);

#endif
