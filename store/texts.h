/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory for many short texts that are freed together.  For store/ only. */
#ifndef ASSAY_STORE_TEXTS_H
#define ASSAY_STORE_TEXTS_H

struct texts;

/* A copy of `text`, or NULL without memory.  *t starts as NULL. */
const char *texts_add(struct texts **t, const char *text);
/* Room for `size` zeroed bytes, aligned for anything; NULL without memory. */
void *texts_room(struct texts **t, unsigned long size);
/* Accepts NULL. */
void texts_free(struct texts *t);

#endif
