/* SPDX-License-Identifier: Apache-2.0
 *
 * Seen on real servers of both products.  A row needs a reason that a
 * stranger would accept: whatever it names can be lost without a word. */
#include "proof/volatile.h"

#include <string.h>

#include "base/text.h"

static const struct volatile_row rows[] = {
    {"group", NULL, "version",
     "modify_index rises, in memory, whenever a server loads its groups"},
};

const struct volatile_row *volatile_at(size_t i)
{
    return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}

static bool fits(const struct volatile_row *row, const char *kind,
                 const char *path)
{
    return strcmp(row->kind, kind) == 0 &&
           (row->path == NULL || text_ends(path, row->path));
}

const struct volatile_row *volatile_find(const char *kind, const char *path,
                                         const char *field)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct volatile_row *row = &rows[i];

        if (!fits(row, kind, path))
            continue;
        if (row->field == NULL ||
            (field != NULL && strcmp(row->field, field) == 0))
            return row;
    }
    return NULL;
}
