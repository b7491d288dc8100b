/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/chain_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "storage/storage.h"
#include "store/audit.h"

static struct {
    char dir[64];
    struct store *store;
    struct audit *audit;
    struct chain_head_place place;
    struct chain_head last;
    struct storage *storage;
    struct signer *signer;
    uint8_t key[1][DIGEST_PUBLIC_KEY_SIZE];
} w;

#define assert_ok(call)                                                        \
    do {                                                                       \
        if ((call) != 0)                                                       \
            fail_msg("%s: %s", #call, err.text);                               \
    } while (0)

static const char *in(const char *name)
{
    static char path[160];

    (void)snprintf(path, sizeof(path), "%s/%s", w.dir, name);
    return path;
}

static void open_catalog(void)
{
    struct error err = {0};

    assert_ok(store_open(in("assay.db"), &w.store, &err));
    const struct audit_options options = {.store = w.store};
    assert_ok(audit_open(&options, &w.audit, &err));
    w.place.store = w.store;
}

static void close_catalog(void)
{
    audit_close(w.audit);
    store_close(w.store);
}

static int up(void **state)
{
    struct error err = {0};

    (void)state;
    memset(&w, 0, sizeof(w));
    (void)text_copy(w.dir, sizeof(w.dir), "/tmp/assay-head-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    const struct storage_options where = {
        .name = "disk", .type = "local", .path = in("storage")};
    assert_ok(storage_open(&where, &w.storage, &err));
    assert_ok(signer_open(in("key.pem"), &w.signer, &err));
    signer_public_key(w.signer, w.key[0]);
    w.place.storage = w.storage;
    w.place.signer = w.signer;
    open_catalog();
    return 0;
}

static int down(void **state)
{
    struct error err = {0};

    (void)state;
    close_catalog();
    storage_close(w.storage);
    signer_free(w.signer);
    assert_ok(file_remove_tree(w.dir, &err));
    return 0;
}

static void write_entries(int n)
{
    const struct audit_entry entry = {.type = AUDIT_REQUEST,
                                      .path = "assay/backups"};
    struct error err = {0};

    while (n-- > 0)
        assert_ok(audit_write(w.audit, &entry, &err));
}

struct seen {
    struct chain_head heads[8];
    size_t count;
    size_t skipped;
};

static int each(void *ctx, const struct chain_head *head, struct error *err)
{
    struct seen *s = ctx;

    (void)err;
    s->heads[s->count++] = *head;
    return 0;
}

static void skipped(void *ctx, const char *key, const char *why)
{
    struct seen *s = ctx;

    assert_true(strlen(key) > 0 && strlen(why) > 0);
    s->skipped++;
}

static struct seen look(void)
{
    const struct manifest_trust trust = {
        .keys = (const uint8_t(*)[DIGEST_PUBLIC_KEY_SIZE])w.key, .count = 1};
    struct seen s = {.count = 0};
    const struct chain_head_reader reader = {
        .each = each, .skipped = skipped, .ctx = &s};
    struct error err = {0};

    assert_ok(chain_head_each(w.storage, &trust, &reader, &err));
    return s;
}

static int publish(struct error *err)
{
    return chain_head_publish(&w.place, &w.last, err);
}

static void a_head_is_there_once(void **state)
{
    struct audit_head head;
    struct error err = {0};
    struct seen s;

    (void)state;
    assert_ok(publish(&err));
    assert_int_equal(look().count, 0); /* nothing to say yet */
    write_entries(3);
    assert_ok(publish(&err));
    assert_ok(publish(&err));
    s = look();
    assert_int_equal(s.count, 1);
    assert_ok(audit_head(w.store, &head, &err));
    assert_int_equal(s.heads[0].seq, 3);
    assert_string_equal(s.heads[0].hash, head.hash);
    assert_string_equal(s.heads[0].chain, head.chain);
    assert_int_equal(s.heads[0].at_ms, head.at_ms);
    write_entries(9);
    assert_ok(publish(&err));
    s = look();
    assert_int_equal(s.count, 2);
    assert_int_equal(s.heads[1].seq, 12); /* by number, not by name */
}

static void the_next_life_finds_its_own(void **state)
{
    struct error err = {0};

    (void)state;
    write_entries(2);
    assert_ok(publish(&err));
    w.last = (struct chain_head){0};
    assert_ok(publish(&err));
    assert_int_equal(look().count, 1);
}

/* The catalog of yesterday is put back, and goes on differently. */
static void an_older_catalog_is_found_out(void **state)
{
    struct error err = {0};
    struct buf copy;

    (void)state;
    write_entries(1);
    close_catalog();
    buf_init(&copy, 1024 * 1024);
    assert_ok(file_read(in("assay.db"), &copy, &err));
    open_catalog();
    write_entries(2);
    assert_ok(publish(&err));
    close_catalog();
    assert_ok(file_replace(in("assay.db"), copy.data, copy.len, 0600, &err));
    buf_done(&copy);
    open_catalog();
    w.last = (struct chain_head){0};
    write_entries(2);
    assert_int_equal(publish(&err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_non_null(strstr(err.text, "entry 3"));
}

static void only_our_own_signature_counts(void **state)
{
    struct chain_head_place theirs = w.place;
    struct signer *other = NULL;
    struct error err = {0};

    (void)state;
    assert_ok(signer_open(in("other.pem"), &other, &err));
    theirs.signer = other;
    write_entries(1);
    assert_ok(chain_head_publish(&theirs, &w.last, &err));
    assert_int_equal(look().count, 0);
    assert_int_equal(look().skipped, 1);
    signer_free(other);
}

/* A good head, under the name of another. */
static void a_head_in_the_wrong_place_does_not_count(void **state)
{
    struct error err = {0};
    struct seen s;
    struct buf text;
    char key[STORAGE_KEY_MAX];

    (void)state;
    write_entries(1);
    assert_ok(publish(&err));
    s = look();
    (void)snprintf(key, sizeof(key), "audit/%s/%020d.json", s.heads[0].chain,
                   1);
    buf_init(&text, 64 * 1024);
    assert_ok(storage_get(w.storage, key, &text, &err));
    (void)snprintf(key, sizeof(key), "audit/%s/%020d.json", s.heads[0].chain,
                   7);
    assert_ok(storage_put(w.storage, key, text.data, text.len, &err));
    buf_done(&text);
    s = look();
    assert_int_equal(s.count, 1);
    assert_int_equal(s.skipped, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_head_is_there_once),
        TEST(the_next_life_finds_its_own),
        TEST(an_older_catalog_is_found_out),
        TEST(only_our_own_signature_counts),
        TEST(a_head_in_the_wrong_place_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
