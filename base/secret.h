/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens, secret-ids and key shares: in memory that is locked where the
 * system allows it, left out of core files, and wiped when given back.
 * libmicrohttpd and GnuTLS keep copies of what passes through them: this
 * reduces exposure, it does not end it. */
#ifndef ASSAY_BASE_SECRET_H
#define ASSAY_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A copy of `len` bytes, NUL-terminated.  NULL when the arena is full. */
char *secret_new(const char *data, size_t len);
char *secret_dup(const char *text);
/* Wiped.  Accepts NULL. */
void secret_free(char *secret);
/* For libraries that take allocators: what malloc gave, wiped before it is
 * given back or moved.  Accept NULL. */
void secret_heap_free(void *block);
void *secret_heap_realloc(void *block, size_t size);
/* Wipe any memory, also where the compiler sees no later use. */
void secret_wipe(void *data, size_t len);
/* The first line of a file, without white space at the ends, as a secret;
 * at most LIMIT_SECRET_FILE bytes. */
int secret_read_file(const char *path, char **out, struct error *err) MUST_USE;
/* Is what secret_new gives away locked into memory?  No: RLIMIT_MEMLOCK is
 * too small, and secrets may end in the swap space. */
bool secret_memory_is_locked(void);
/* Once, at start, before any secret is read: no core files, not dumpable.
 * The first is inherited by children. */
void secret_harden_process(void);

#endif
