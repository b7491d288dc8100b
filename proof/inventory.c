/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/inventory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

#define KEY_LABEL "assay inventory 1"

enum { HASH_BYTES = 16, KEY_ID_BYTES = 8 };

void inventory_key_derive(const struct signer *signer,
                          struct inventory_key *out)
{
    static const char name[] = "id";
    uint8_t sum[DIGEST_SHA256_SIZE];

    signer_derive(signer, KEY_LABEL, out->key);
    digest_hmac_sha256(out->key, sizeof out->key, name, strlen(name), sum);
    text_hex(sum, KEY_ID_BYTES, out->id);
}

void inventory_hash(const struct inventory_key *key, const void *data,
                    size_t len, char out[INVENTORY_HASH_MAX])
{
    uint8_t sum[DIGEST_SHA256_SIZE];

    digest_hmac_sha256(key->key, sizeof key->key, data, len, sum);
    out[0] = 'h';
    out[1] = ':';
    text_hex(sum, HASH_BYTES, out + 2);
}

int inventory_order(const struct inventory_record *a,
                    const struct inventory_record *b)
{
    int kinds = strcmp(a->kind, b->kind);

    return kinds != 0 ? kinds : strcmp(a->path, b->path);
}

const char *inventory_field(const struct inventory_record *r, const char *name)
{
    for (size_t i = 0; i < r->field_count; i++) {
        if (strcmp(r->fields[i].name, name) == 0)
            return r->fields[i].text;
    }
    return NULL;
}

struct inventory_reader {
    FILE *file;
    char *path;
    char *line; /* LIMIT_INVENTORY_LINE */
    uint64_t count;
    struct inventory_head head;
    struct json *tree;     /* of the current line; `record` points into it */
    struct json *previous; /* of the line before, for the order */
    struct inventory_record record;
    struct inventory_field fields[INVENTORY_FIELDS_MAX];
};

static int damaged(const struct inventory_reader *r, struct error *err)
{
    return error_set(err, ERR_CORRUPT, "%s: damaged after %llu records",
                     r->path, (unsigned long long)r->count);
}

/* The next line as a document in r->tree. */
static int read_line(struct inventory_reader *r, struct error *err)
{
    size_t len;

    json_free(r->previous);
    r->previous = r->tree;
    r->tree = NULL;
    if (fgets(r->line, LIMIT_INVENTORY_LINE, r->file) == NULL) {
        if (ferror(r->file))
            return error_errno(err, ERR_IO, "cannot read %s", r->path);
        return error_set(err, ERR_CORRUPT, "%s: cut short after %llu records",
                         r->path, (unsigned long long)r->count);
    }
    len = strlen(r->line);
    if (len == 0 || r->line[len - 1] != '\n' ||
        json_parse(r->line, len, &r->tree, NULL) != 0)
        return damaged(r, err);
    return 0;
}

static int read_head(struct inventory_reader *r, struct error *err)
{
    struct inventory_head *h = &r->head;

    if (read_line(r, err) != 0)
        return -1;
    if (json_get_u64(r->tree, "inventory", 0) != 1)
        return error_set(err, ERR_CORRUPT,
                         "%s is no inventory, or a newer one than this program "
                         "knows",
                         r->path);
    (void)text_copy(h->key_id, sizeof h->key_id,
                    json_get_text(r->tree, "key", ""));
    (void)text_copy(h->cluster_id, sizeof h->cluster_id,
                    json_get_text(r->tree, "cluster_id", ""));
    (void)text_copy(h->product, sizeof h->product,
                    json_get_text(r->tree, "product", ""));
    (void)text_copy(h->server_version, sizeof h->server_version,
                    json_get_text(r->tree, "server_version", ""));
    (void)text_rfc3339_ms(json_get_text(r->tree, "started_at", ""),
                          &h->started_ms);
    (void)text_rfc3339_ms(json_get_text(r->tree, "finished_at", ""),
                          &h->finished_ms);
    return 0;
}

int inventory_reader_open(const char *path, struct inventory_reader **out,
                          struct error *err)
{
    struct inventory_reader *r = calloc(1, sizeof *r);
    int rc = -1;

    if (r == NULL)
        return error_memory(err);
    r->path = text_dup(path);
    r->line = malloc(LIMIT_INVENTORY_LINE);
    if (r->path == NULL || r->line == NULL) {
        (void)error_memory(err);
        goto done;
    }
    r->file = fopen(path, "re");
    if (r->file == NULL) {
        (void)error_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                          "cannot open %s", path);
        goto done;
    }
    if (read_head(r, err) != 0)
        goto done;
    *out = r;
    rc = 0;
done:
    if (rc != 0)
        inventory_reader_close(r);
    return rc;
}

const struct inventory_head *
inventory_reader_head(const struct inventory_reader *r)
{
    return &r->head;
}

static bool read_fields(struct inventory_reader *r)
{
    const struct json *fields = json_get(r->tree, "fields");
    size_t n = 0;

    for (const struct json *f = json_first(fields); f != NULL;
         f = json_next(f)) {
        struct inventory_field *to = &r->fields[n];

        if (n == INVENTORY_FIELDS_MAX || json_type(f) != JSON_STRING)
            return false;
        to->name = json_key(f);
        to->text = json_text(f, "");
        if (n > 0 && strcmp(to[-1].name, to->name) >= 0)
            return false;
        n++;
    }
    r->record.fields = r->fields;
    r->record.field_count = n;
    return json_type(fields) == JSON_OBJECT;
}

static bool read_record(struct inventory_reader *r)
{
    struct inventory_record before = r->record;

    r->record.kind = json_get_text(r->tree, "kind", NULL);
    r->record.path = json_get_text(r->tree, "path", NULL);
    r->record.created_ms = json_get_i64(r->tree, "created_ms", 0);
    r->record.changed_ms = json_get_i64(r->tree, "changed_ms", 0);
    r->record.version = json_get_u64(r->tree, "version", 0);
    if (r->record.kind == NULL || r->record.path == NULL || !read_fields(r))
        return false;
    return r->count == 0 || inventory_order(&before, &r->record) < 0;
}

int inventory_reader_next(struct inventory_reader *r,
                          const struct inventory_record **record,
                          struct error *err)
{
    uint64_t all;

    if (read_line(r, err) != 0)
        return -1;
    if (json_u64(json_get(r->tree, "records"), &all)) {
        if (all != r->count || fgetc(r->file) != EOF)
            return damaged(r, err);
        return 0;
    }
    if (!read_record(r))
        return damaged(r, err);
    r->count++;
    *record = &r->record;
    return 1;
}

void inventory_reader_close(struct inventory_reader *r)
{
    if (r == NULL)
        return;
    json_free(r->previous);
    json_free(r->tree);
    if (r->file != NULL)
        (void)fclose(r->file);
    free(r->line);
    free(r->path);
    free(r);
}
