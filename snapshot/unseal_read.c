/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/unseal_read.h"

#include "snapshot/cursor.h"
#include "snapshot/cursor_sums.h"

int unseal_read(struct unseal *u, const struct source *archive,
                const struct cancel *cancel, struct buf *sealed,
                struct error *err)
{
    struct snapshot_cursor *cursor = snapshot_cursor_new(archive, NULL);
    const struct snapshot_entry *entry = NULL;
    struct members_sums sums;
    struct span blob;
    int rc = -1;

    if (cursor == NULL) {
        return error_memory(err);
    }
    do {
        if (cancelled(cancel)) {
            error_set(err, ERR_CANCELLED, "reading the archive was cancelled");
            goto done;
        }
        if (snapshot_cursor_next(cursor, &entry, err) != 0 ||
            (entry != NULL && unseal_entry(u, entry, err) != 0)) {
            goto done;
        }
    } while (entry != NULL);
    snapshot_cursor_sums(cursor, &sums, &blob);
    buf_add(sealed, blob.data, blob.len);
    rc = buf_check(sealed, "SHA256SUMS.sealed", err);
done:
    snapshot_cursor_free(cursor);
    return rc;
}
