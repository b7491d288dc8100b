/* SPDX-License-Identifier: Apache-2.0
 *
 * The key of the keyed hashes that name tokens (principal.token_key): random,
 * made once, kept in the catalog so that a run's owner is known again after a
 * restart.  Without it the stored hashes tell nothing about a token; with it
 * they only confirm a guess, and a token cannot be guessed. */
#ifndef ASSAY_ACCESS_KEY_H
#define ASSAY_ACCESS_KEY_H

#include <stdint.h>

#include "access/access.h"
#include "base/error.h"

struct store;

/* Read it, or make it.  The errors of store/. */
int access_key_load(struct store *store, uint8_t key[ACCESS_KEY_SIZE],
                    struct error *err) MUST_USE;

#endif
