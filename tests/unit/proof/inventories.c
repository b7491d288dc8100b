/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/inventories.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "proof/inventory_writer.h"

enum { SLOTS = 8, FIELDS = 8, TEXT = 512 };

static struct slot {
    char text[TEXT];
    struct inventory_field fields[FIELDS];
    struct inventory_record record;
} slots[SLOTS];

static int64_t seconds(const char *word)
{
    int64_t n = 0;

    if (strcmp(word, "-") == 0)
        return 0;
    assert_true(text_i64(word, &n));
    return INVENTORIES_TAKEN + n * 1000;
}

static const char *word(char **rest)
{
    char *w = strsep(rest, " ");

    assert_non_null(w);
    return w;
}

const struct inventory_record *inventories_record(const char *line)
{
    static unsigned turn;
    struct slot *s = &slots[turn++ % SLOTS];
    struct inventory_record *r = &s->record;
    char *rest = s->text;

    assert_true(text_copy(s->text, sizeof s->text, line));
    *r = (struct inventory_record){.fields = s->fields};
    r->kind = word(&rest);
    r->path = word(&rest);
    assert_true(text_u64(word(&rest), &r->version));
    r->created_ms = seconds(word(&rest));
    r->changed_ms = seconds(word(&rest));
    while (rest != NULL) {
        char *name = strsep(&rest, " ");
        char *value = strchr(name, '=');

        assert_non_null(value);
        assert_true(r->field_count < FIELDS);
        *value = '\0';
        for (char *c = value + 1; *c != '\0'; c++)
            if (*c == '~')
                *c = ' ';
        s->fields[r->field_count++] = (struct inventory_field){name, value + 1};
    }
    return r;
}

char *inventories_write(const char *dir, const char *name,
                        const struct inventories_spec *spec)
{
    struct inventory_head head = {.product = "openbao"};
    struct inventory_writer *w = NULL;
    struct error err = {0};
    char *path = text_format("%s/%s", dir, name);

    assert_non_null(path);
    (void)text_copy(head.key_id, sizeof head.key_id,
                    spec->key == NULL ? "0011223344556677" : spec->key);
    (void)text_copy(head.cluster_id, sizeof head.cluster_id,
                    spec->cluster_id == NULL ? "c" : spec->cluster_id);
    (void)text_copy(head.server_version, sizeof head.server_version,
                    spec->version == NULL ? "2.7.2" : spec->version);
    head.started_ms =
        spec->started_ms == 0 ? INVENTORIES_TAKEN - 1000 : spec->started_ms;
    head.finished_ms = head.started_ms + 500;
    assert_int_equal(inventory_writer_open(dir, 0, &w, &err), 0);
    for (size_t i = 0; spec->lines != NULL && spec->lines[i] != NULL; i++)
        assert_int_equal(
            inventory_writer_add(w, inventories_record(spec->lines[i]), &err),
            0);
    assert_int_equal(inventory_writer_finish(w, &head, path, NULL, &err), 0);
    inventory_writer_close(w);
    return path;
}
