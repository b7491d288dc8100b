/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of the contents, as they are found.  Private to snapshot/. */
#ifndef ASSAY_SNAPSHOT_CONTENTS_ROW_H
#define ASSAY_SNAPSHOT_CONTENTS_ROW_H

#include "snapshot/contents.h"

/* Each adds one row; over the limit it counts as left out, and one that does
 * not look like a row as unread.  -1 without memory. */
int contents_row_mount(struct contents *c, const struct json *node, bool auth,
                       const char *namespace_uuid, struct error *err) MUST_USE;
int contents_row_namespace(struct contents *c, const struct json *node,
                           struct error *err) MUST_USE;
int contents_row_audit(struct contents *c, const struct json *node,
                       struct error *err) MUST_USE;
int contents_row_policy(struct contents *c, const char *name, size_t len,
                        const char *namespace_uuid, struct error *err) MUST_USE;

#endif
