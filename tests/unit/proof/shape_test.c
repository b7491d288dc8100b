/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of an answer: fields that compare, and nothing that reveals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "proof/shape.h"

#define NOW INT64_C(1795623300000) /* 2026-11-25T16:15:00Z */

static struct tape *tape;
static struct shape shape;
static const struct inventory_key key = {.key = {1, 2, 3}, .id = "k"};
static char text[4096];

static int set_up(void **state)
{
    (void)state;
    tape = tape_new();
    shape_init(&shape, &key, tape, NOW);
    return tape == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    shape_done(&shape);
    tape_free(tape);
    return 0;
}

static const struct inventory_record *of(const struct probe *probe,
                                         const char *json)
{
    struct error err = {0};

    assert_true(text_copy(text, sizeof text, json));
    if (tape_parse(tape, text, strlen(text), &err) != 0)
        fail_msg("%s", err.text);
    shape_begin(&shape);
    shape_data(&shape, probe, tape_root(tape));
    assert_int_equal(shape_check(&shape, &err), 0);
    return shape_record(&shape, "kind", "path");
}

/* By its kind. */
static const struct probe *row(const char *kind)
{
    for (size_t i = 0; i < probes_count; i++)
        if (strcmp(probes[i].kind, kind) == 0)
            return &probes[i];
    fail_msg("no row for %s", kind);
    return NULL;
}

static void has(const struct inventory_record *r, const char *name,
                const char *expected)
{
    const char *found = inventory_field(r, name);

    if (expected == NULL)
        assert_null(found);
    else if (found == NULL)
        fail_msg("no field %s", name);
    else
        assert_string_equal(found, expected);
}

static bool is_hash(const struct inventory_record *r, const char *name)
{
    const char *found = inventory_field(r, name);

    return found != NULL && strlen(found) == INVENTORY_HASH_MAX - 1 &&
           strncmp(found, "h:", 2) == 0;
}

static void the_general_rule(void **state)
{
    static const struct probe p = {.kind = "x",
                                   .created = "made",
                                   .changed = "touched",
                                   .version = "v",
                                   .ignore = "noise more",
                                   .hash = "policy"};
    const struct inventory_record *r = of(
        &p,
        "{\"made\":\"2026-11-25T16:13:49.127079474Z\",\"touched\":1795623230,"
        "\"v\":7,\"noise\":1,\"more\":{\"a\":1},\"policy\":\"p\","
        "\"n\":12.50,\"t\":true,\"f\":false,\"s\":\"short\",\"nil\":null,"
        "\"none\":[],\"nothing\":{},\"empty\":\"\",\"list\":[\"a\",\"b\",3],"
        "\"deep\":[{\"a\":1}],\"o\":{\"x\":1,\"y\":{\"z\":1},\"e\":null},"
        "\"password\":\"hunter2\",\"connection_url\":\"u\","
        "\"long\":\"0123456789012345678901234567890123456789012345678901234567"
        "890123456789\",\"lines\":\"a\\nb\",\"secret_id_num_uses\":5}");

    (void)state;
    assert_int_equal(r->created_ms, INT64_C(1795623229127));
    assert_int_equal(r->changed_ms, INT64_C(1795623230000));
    assert_int_equal(r->version, 7);
    has(r, "made", NULL);
    has(r, "noise", NULL);
    has(r, "more", NULL);
    has(r, "n", "12.50");
    has(r, "t", "true");
    has(r, "f", "false");
    has(r, "s", "short");
    has(r, "nil", NULL);
    has(r, "none", NULL);
    has(r, "nothing", NULL);
    has(r, "empty", NULL);
    has(r, "list", "a,b,3");
    has(r, "o.x", "1");
    has(r, "o.e", NULL);
    has(r, "secret_id_num_uses", "5");
    assert_true(is_hash(r, "policy"));
    assert_true(is_hash(r, "deep"));
    assert_true(is_hash(r, "o.y"));
    assert_true(is_hash(r, "password"));
    assert_true(is_hash(r, "connection_url"));
    assert_true(is_hash(r, "long"));
    assert_true(is_hash(r, "lines"));
}

static void more_members_than_fields_are_no_trouble(void **state)
{
    static const struct probe p = {.kind = "x"};
    const struct inventory_record *r;
    char rest[2][INVENTORY_HASH_MAX];
    struct buf b;

    (void)state;
    for (int last = 0; last < 2; last++) {
        buf_init(&b, sizeof text);
        for (int i = 0; i < 150; i++)
            buf_printf(&b, "%c\"m%d\":%d", i > 0 ? ',' : '{', i,
                       i == 149 ? last : i);
        buf_char(&b, '}');
        r = of(&p, buf_text(&b));
        assert_int_equal(r->field_count, INVENTORY_FIELDS_MAX);
        assert_true(is_hash(r, "rest"));
        (void)text_copy(rest[last], sizeof rest[last],
                        inventory_field(r, "rest"));
        buf_done(&b);
    }
    assert_string_not_equal(rest[0], rest[1]);
}

#define KV2(updated, versions)                                                 \
    "{\"cas_required\":false,\"created_time\":\"2026-11-25T16:00:00Z\","       \
    "\"current_version\":3,\"custom_metadata\":{\"owner\":\"shop\"},"          \
    "\"updated_time\":\"" updated "\",\"versions\":{" versions "}}"
#define VERSION(n, created, deleted, destroyed)                                \
    "\"" n "\":{\"created_time\":\"" created "\",\"deletion_time\":\"" deleted \
    "\",\"destroyed\":" destroyed "}"

static void a_secret_is_its_versions(void **state)
{
    const struct probe *p = row("kv2");
    const struct inventory_record *r =
        of(p, KV2("2026-11-25T16:10:00Z",
                  VERSION("1", "2026-11-25T16:00:00Z", "", "true") "," VERSION(
                      "2", "2026-11-25T16:05:00Z", "2026-11-25T16:12:00Z",
                      "false") "," VERSION("3", "2026-11-25T16:10:00Z",
                                           "2026-12-25T16:10:00Z", "false")));
    char versions[INVENTORY_HASH_MAX];

    (void)state;
    assert_int_equal(r->version, 3);
    assert_int_equal(r->created_ms, NOW - 15 * 60 * 1000);
    /* The deletion moved it, what is to be deleted in a month did not. */
    assert_int_equal(r->changed_ms, NOW - 3 * 60 * 1000);
    has(r, "deleted", "2");
    has(r, "destroyed", "1");
    assert_true(is_hash(r, "custom_metadata"));
    assert_true(is_hash(r, "versions"));
    (void)text_copy(versions, sizeof versions, inventory_field(r, "versions"));
    r = of(p, KV2("2026-11-25T16:10:00Z",
                  VERSION("1", "2026-11-25T16:00:00Z", "", "true")));
    assert_string_not_equal(versions, inventory_field(r, "versions"));
    has(r, "deleted", NULL);
}

static void a_key_is_when_it_was_made(void **state)
{
    const struct probe *p = row("transit_key");
    const struct inventory_record *r;
    char keys[INVENTORY_HASH_MAX];

    (void)state;
    r = of(p, "{\"name\":\"k\",\"latest_version\":2,"
              "\"keys\":{\"1\":1795623000,\"2\":1795623100}}");
    assert_int_equal(r->version, 2);
    assert_int_equal(r->created_ms, INT64_C(1795623000000));
    assert_int_equal(r->changed_ms, INT64_C(1795623100000));
    (void)text_copy(keys, sizeof keys, inventory_field(r, "keys"));
    r = of(p, "{\"name\":\"k\",\"latest_version\":2,"
              "\"keys\":{\"1\":1795623000,\"2\":1795623101}}");
    assert_string_not_equal(keys, inventory_field(r, "keys"));
    r = of(p, "{\"name\":\"k\",\"latest_version\":1,\"keys\":{\"1\":{"
              "\"creation_time\":\"2026-11-25T16:00:00Z\","
              "\"public_key\":\"abc\"}}}");
    assert_int_equal(r->created_ms, NOW - 15 * 60 * 1000);
}

static void a_policy_is_a_hash_and_a_length(void **state)
{
    const struct inventory_record *r = of(
        row("policy"), "{\"name\":\"shop\",\"policy\":\"path\",\"version\":4,"
                       "\"modified\":\"2026-11-25T16:00:00Z\"}");

    (void)state;
    has(r, "length", "4");
    assert_true(is_hash(r, "policy"));
    has(r, "name", NULL);
    assert_int_equal(r->version, 4);
    assert_int_equal(r->changed_ms, NOW - 15 * 60 * 1000);
}

static void a_value_is_a_hash_and_nothing_else(void **state)
{
    const struct inventory_record *r =
        of(row("kv2_value"),
           "{\"data\":{\"user\":\"u\",\"pass\":\"hunter2\"},\"metadata\":{"
           "\"created_time\":\"2026-11-25T16:00:00Z\",\"version\":9}}");
    char value[INVENTORY_HASH_MAX];

    (void)state;
    assert_int_equal(r->field_count, 1);
    assert_int_equal(r->version, 9);
    assert_true(is_hash(r, "value"));
    (void)text_copy(value, sizeof value, inventory_field(r, "value"));
    r = of(row("kv1_value"), "{\"pass\":\"hunter2\",\"user\":\"u\"}");
    assert_int_equal(r->field_count, 1);
    assert_string_equal(inventory_field(r, "value"), value);
    r = of(row("kv1_value"), "{\"pass\":\"hunter3\",\"user\":\"u\"}");
    assert_string_not_equal(inventory_field(r, "value"), value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_general_rule),
        cmocka_unit_test(more_members_than_fields_are_no_trouble),
        cmocka_unit_test(a_secret_is_its_versions),
        cmocka_unit_test(a_key_is_when_it_was_made),
        cmocka_unit_test(a_policy_is_a_hash_and_a_length),
        cmocka_unit_test(a_value_is_a_hash_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
