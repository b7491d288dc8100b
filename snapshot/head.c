/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/head.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "snapshot/cursor.h"
#include "snapshot/opener.h"

/* The last key that is of use here; those after it are not read. */
#define LAST_KEY UNSEAL_CONFIG_KEY

/* A table's row as it lies in the archive, kept until the keys are there. */
struct row {
    struct row *next;
    size_t key_len;
    size_t value_len;
    uint8_t bytes[]; /* the key, then the value */
};

struct head {
    struct unseal *unseal;
    struct row *rows;
    size_t kept;
};

static bool past_the_end(const struct snapshot_entry *e)
{
    size_t len = strlen(LAST_KEY);
    int rc = memcmp(e->key, LAST_KEY, e->key_len < len ? e->key_len : len);

    return rc > 0 || (rc == 0 && e->key_len > len);
}

static int keep_row(struct head *h, const struct snapshot_entry *e,
                    struct error *err)
{
    size_t size = e->key_len + e->value_len;
    struct row *row = NULL;

    if (size > LIMIT_MOUNT_TABLE - h->kept) {
        return error_set(err, ERR_TOO_LARGE,
                         "the archive's mount tables are larger than %d MiB",
                         LIMIT_MOUNT_TABLE / (1024 * 1024));
    }
    row = malloc(sizeof(*row) + size);
    if (row == NULL) {
        return error_memory(err);
    }
    row->key_len = e->key_len;
    row->value_len = e->value_len;
    memcpy(row->bytes, e->key, e->key_len);
    memcpy(row->bytes + e->key_len, e->value, e->value_len);
    row->next = h->rows;
    h->rows = row;
    h->kept += size;
    return 0;
}

static int read_entries(struct head *h, const struct source *archive,
                        const struct cancel *cancel, struct error *err)
{
    struct snapshot_cursor *cursor = snapshot_cursor_new(archive, NULL);
    const struct snapshot_entry *entry = NULL;
    int rc = -1;

    if (cursor == NULL) {
        return error_memory(err);
    }
    for (;;) {
        if (cancelled(cancel)) {
            error_set(err, ERR_CANCELLED, "reading the archive was cancelled");
            goto done;
        }
        if (snapshot_cursor_next(cursor, &entry, err) != 0) {
            goto done;
        }
        if (entry == NULL || past_the_end(entry)) {
            break;
        }
        if (unseal_entry(h->unseal, entry, err) != 0 ||
            (contents_wants(entry->key, entry->key_len) &&
             keep_row(h, entry, err) != 0)) {
            goto done;
        }
    }
    rc = 0;
done:
    snapshot_cursor_free(cursor);
    return rc;
}

static void open_keys(struct head *h, const struct snapshot_head_keys *keys,
                      struct snapshot_head *out)
{
    struct error why = {0};

    out->keys = unseal_open(h->unseal, keys->shares, keys->shares_count, &why);
    out->seal = *unseal_config(h->unseal);
    if (out->keys == UNSEAL_AUTO && keys->statics.count > 0 &&
        strcmp(out->seal.type, UNSEAL_STATIC) == 0) {
        out->keys = unseal_open_static(h->unseal, &keys->statics, &why);
    }
    if (out->keys != UNSEAL_OPENED) {
        text_copy(out->keys_text, sizeof(out->keys_text), why.text);
    }
}

/* A row that does not decrypt is the proof's business, not ours. */
static int open_rows(struct head *h, struct contents *contents,
                     struct error *err)
{
    struct opener *opener = opener_new(h->unseal);
    int rc = opener == NULL ? error_memory(err) : 0;

    for (struct row *row = h->rows; row != NULL && rc == 0; row = row->next) {
        const struct snapshot_entry sealed = {
            .key = row->bytes,
            .key_len = row->key_len,
            .value = row->bytes + row->key_len,
            .value_len = row->value_len,
        };
        struct snapshot_entry plain;
        enum snapshot_fault fault;

        switch (opener_open(opener, &sealed, &fault, &plain)) {
        case OPENER_OPENED:
            rc = contents_add(contents, &plain, err);
            break;
        case OPENER_FAULT:
            contents->unread++;
            break;
        case OPENER_NO_MEMORY:
            rc = error_memory(err);
            break;
        }
    }
    opener_free(opener);
    return rc == 0 ? contents_finish(contents, err) : -1;
}

static void release(struct head *h)
{
    while (h->rows != NULL) {
        struct row *next = h->rows->next;

        free(h->rows);
        h->rows = next;
    }
    unseal_free(h->unseal);
}

int snapshot_head_read(const struct source *archive,
                       const struct snapshot_head_keys *keys,
                       const struct cancel *cancel, struct snapshot_head *out,
                       struct error *err)
{
    struct head h = {.unseal = unseal_new()};
    struct snapshot_head found = {.keys = UNSEAL_TOO_FEW};
    int rc = -1;

    contents_init(&found.contents);
    if (h.unseal == NULL) {
        return error_memory(err);
    }
    if (read_entries(&h, archive, cancel, err) != 0) {
        goto done;
    }
    open_keys(&h, keys, &found);
    if (found.keys == UNSEAL_OPENED &&
        open_rows(&h, &found.contents, err) != 0) {
        goto done;
    }
    *out = found;
    contents_init(&found.contents);
    rc = 0;
done:
    contents_done(&found.contents);
    release(&h);
    return rc;
}

void snapshot_head_done(struct snapshot_head *h)
{
    contents_done(&h->contents);
}
