/* SPDX-License-Identifier: Apache-2.0
 *
 * UUIDv7 text (RFC 9562): sorts by time of creation. */
#ifndef ASSAY_BASE_ID_H
#define ASSAY_BASE_ID_H

#include <stdbool.h>

enum { ID_TEXT_MAX = 37 };

/* Any thread.  Ids made by one process ascend strictly, also within one
 * millisecond.  Aborts if the system has no randomness to give. */
void id_new(char out[ID_TEXT_MAX]);
/* A random UUIDv4, for request ids. */
void id_random(char out[ID_TEXT_MAX]);
/* Lower-case 8-4-4-4-12 hex. */
bool id_valid(const char *s);

#endif
