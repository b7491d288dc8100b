/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/inventory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/tape.h"
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

/* Lines are parsed where they lie; the one before the current stays, for the
 * order. */
struct inventory_reader {
    FILE *file;
    char *path;
    struct line {
        char *text; /* LIMIT_INVENTORY_LINE */
        struct tape *tape;
    } lines[2], *line;
    uint64_t count;
    struct inventory_head head;
    struct inventory_record record; /* points into `line` */
    struct inventory_field fields[INVENTORY_FIELDS_MAX];
};

static int damaged(const struct inventory_reader *r, struct error *err)
{
    return error_set(err, ERR_CORRUPT, "%s: damaged after %llu records",
                     r->path, (unsigned long long)r->count);
}

/* The next line as a document. */
static int read_line(struct inventory_reader *r, struct error *err)
{
    struct line *line = r->line == r->lines ? &r->lines[1] : r->lines;
    size_t len;

    if (fgets(line->text, LIMIT_INVENTORY_LINE, r->file) == NULL) {
        if (ferror(r->file))
            return error_errno(err, ERR_IO, "cannot read %s", r->path);
        return error_set(err, ERR_CORRUPT, "%s: cut short after %llu records",
                         r->path, (unsigned long long)r->count);
    }
    len = strlen(line->text);
    if (len == 0 || line->text[len - 1] != '\n' ||
        tape_parse(line->tape, line->text, len, NULL) != 0)
        return damaged(r, err);
    r->line = line;
    return 0;
}

static const struct tape_node *get(const struct inventory_reader *r,
                                   const char *key)
{
    return tape_get(r->line->tape, tape_root(r->line->tape), key);
}

static const char *get_text(const struct inventory_reader *r, const char *key,
                            const char *otherwise)
{
    return tape_text(r->line->tape, get(r, key), otherwise);
}

static int64_t get_number(const struct inventory_reader *r, const char *key)
{
    int64_t number = 0;

    (void)tape_i64(r->line->tape, get(r, key), &number);
    return number;
}

static int read_head(struct inventory_reader *r, struct error *err)
{
    struct inventory_head *h = &r->head;

    if (read_line(r, err) != 0)
        return -1;
    if (get_number(r, "inventory") != 1)
        return error_set(err, ERR_CORRUPT,
                         "%s is no inventory, or a newer one than this program "
                         "knows",
                         r->path);
    (void)text_copy(h->key_id, sizeof h->key_id, get_text(r, "key", ""));
    (void)text_copy(h->cluster_id, sizeof h->cluster_id,
                    get_text(r, "cluster_id", ""));
    (void)text_copy(h->product, sizeof h->product, get_text(r, "product", ""));
    (void)text_copy(h->server_version, sizeof h->server_version,
                    get_text(r, "server_version", ""));
    (void)text_rfc3339_ms(get_text(r, "started_at", ""), &h->started_ms);
    (void)text_rfc3339_ms(get_text(r, "finished_at", ""), &h->finished_ms);
    return 0;
}

static int lines_new(struct inventory_reader *r)
{
    for (size_t i = 0; i < 2; i++) {
        r->lines[i].text = malloc(LIMIT_INVENTORY_LINE);
        r->lines[i].tape = tape_new();
        if (r->lines[i].text == NULL || r->lines[i].tape == NULL)
            return -1;
    }
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
    if (r->path == NULL || lines_new(r) != 0) {
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
    const struct tape *t = r->line->tape;
    const struct tape_node *fields = get(r, "fields");
    size_t n = 0;

    for (const struct tape_node *f = tape_first(t, fields); f != NULL;
         f = tape_next(t, f)) {
        struct inventory_field *to = &r->fields[n];

        if (n == INVENTORY_FIELDS_MAX || tape_type(f) != JSON_STRING)
            return false;
        to->name = tape_key(t, f);
        to->text = tape_text(t, f, "");
        if (n > 0 && strcmp(to[-1].name, to->name) >= 0)
            return false;
        n++;
    }
    r->record.fields = r->fields;
    r->record.field_count = n;
    return tape_type(fields) == JSON_OBJECT;
}

static bool read_record(struct inventory_reader *r)
{
    struct inventory_record before = r->record;

    r->record.kind = get_text(r, "kind", NULL);
    r->record.path = get_text(r, "path", NULL);
    r->record.created_ms = get_number(r, "created_ms");
    r->record.changed_ms = get_number(r, "changed_ms");
    r->record.version = (uint64_t)get_number(r, "version");
    if (r->record.kind == NULL || r->record.path == NULL || !read_fields(r))
        return false;
    return r->count == 0 || inventory_order(&before, &r->record) < 0;
}

int inventory_reader_next(struct inventory_reader *r,
                          const struct inventory_record **record,
                          struct error *err)
{
    int64_t all;

    if (read_line(r, err) != 0)
        return -1;
    if (tape_i64(r->line->tape, get(r, "records"), &all)) {
        if (all < 0 || (uint64_t)all != r->count || fgetc(r->file) != EOF)
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
    if (r->file != NULL)
        (void)fclose(r->file);
    for (size_t i = 0; i < 2; i++) {
        tape_free(r->lines[i].tape);
        free(r->lines[i].text);
    }
    free(r->path);
    free(r);
}
