/* SPDX-License-Identifier: Apache-2.0
 *
 * The public keys whose signatures count, for commands that verify. */
#ifndef ASSAY_CLI_KEYRING_H
#define ASSAY_CLI_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "config/config.h"

/* Zeroed: none. */
struct keyring {
    uint8_t (*keys)[DIGEST_PUBLIC_KEY_SIZE];
    size_t count;
};

void keyring_done(struct keyring *ring);
/* 64 hex digits, or a file with them or with a PEM. */
int keyring_add_named(struct keyring *ring, const char *name,
                      struct error *err) MUST_USE;
/* The public half of the key in data_dir; ERR_NOT_FOUND where there is none:
 * asking for it must not make one. */
int keyring_own(const struct config *config,
                uint8_t out[DIGEST_PUBLIC_KEY_SIZE],
                struct error *err) MUST_USE;
int keyring_add_own(struct keyring *ring, const struct config *config,
                    struct error *err) MUST_USE;
/* That one, if it is there, and those of trusted_keys; at least one. */
int keyring_add_configured(struct keyring *ring, const struct config *config,
                           struct error *err) MUST_USE;

#endif
