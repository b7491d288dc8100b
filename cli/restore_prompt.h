/* SPDX-License-Identifier: Apache-2.0
 *
 * What `assay restore` asks a person, on standard error and input.  Lines are
 * read without a buffer of stdio's, where a share would stay. */
#ifndef ASSAY_CLI_RESTORE_PROMPT_H
#define ASSAY_CLI_RESTORE_PROMPT_H

#include <stdbool.h>

#include "base/error.h"

struct keys;

/* Whether somebody types `name`, once. */
bool restore_prompt_name(const char *name, const char *address);
/* Key shares, without showing them, each checked to be one, until an empty
 * line or the end.  ERR_CANCELLED: a signal came. */
int restore_prompt_shares(struct keys *keys, struct error *err) MUST_USE;

#endif
