/* SPDX-License-Identifier: Apache-2.0
 *
 * What it makes is seen on real servers (tests/system); here, what it leaves
 * alone and what it refuses. */
#include "fixture.h"

#include <string.h>

#include "vault/canary_setup.h"

#define M "assay-canary"
#define KV                                                                     \
    "body:path=sys/mounts/" M ",method=GET,json={\"data\":{\"type\":"          \
    "\"kv\",\"options\":{\"version\":\"2\"}}}"
#define KV1                                                                    \
    "body:path=sys/mounts/" M ",method=GET,json={\"data\":{\"type\":"          \
    "\"kv\",\"options\":null}}"
#define TRANSIT                                                                \
    "body:path=sys/mounts/" M "-transit,method=GET,json={\"data\":"            \
    "{\"type\":\"transit\",\"options\":null}}"
#define PKI                                                                    \
    "body:path=sys/mounts/" M "-transit,method=GET,json={\"data\":"            \
    "{\"type\":\"pki\"}}"
#define KEEPS                                                                  \
    "body:path=" M "/metadata/marker,method=GET,json={\"data\":"               \
    "{\"max_versions\":10}}"
#define KEY "body:path=" M "-transit/keys/canary,method=GET,json={\"data\":{}}"
/* Of "hello". */
#define SUM "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define CIPHER                                                                 \
    "body:path=" M "/data/ciphertext,method=GET,json={\"data\":"               \
    "{\"data\":{\"ciphertext\":\"vault:v1:x\","                                \
    "\"plaintext_sha256\":\"" SUM "\"}}}"
#define DECRYPTS                                                               \
    "body:path=" M "-transit/decrypt/canary,json={\"data\":"                   \
    "{\"plaintext\":\"aGVsbG8=\"}}"

struct seen {
    unsigned made, there;
};

static void note(void *ctx, const char *what, bool made)
{
    struct seen *seen = ctx;

    assert_true(strncmp(what, M, strlen(M)) == 0);
    if (made)
        seen->made++;
    else
        seen->there++;
}

static int set_up(struct fixture *f, struct seen *seen, bool renew)
{
    const struct vault_canary_setup o = {
        .mount = M, .renew = renew, .said = note, .ctx = seen};

    return vault_canary_setup(f->v, &o, &f->err);
}

/* Requests that change something: all but the logins. */
static size_t writes(void)
{
    struct json *facts = standin_facts(&fixture_here);
    size_t n = 0;

    for (const struct json *q = json_first(json_get(facts, "requests"));
         q != NULL; q = json_next(q)) {
        const char *path = json_get_text(q, "path", "");

        n += strcmp(json_get_text(q, "method", ""), "POST") == 0 &&
             strncmp(path, "auth/", 5) != 0 && strstr(path, "decrypt") == NULL;
    }
    json_free(facts);
    return n;
}

static void what_is_there_is_left_alone(void **state)
{
    static const char *const faults[] = {TRANSIT, KV,       KEEPS, KEY,
                                         CIPHER,  DECRYPTS, NULL};
    struct fixture *f = *state;
    struct seen seen = {0};

    standin_faults(&fixture_here, faults);
    assert_ok(f, set_up(f, &seen, false));
    assert_int_equal(seen.there, 5);
    assert_int_equal(seen.made, 0);
    assert_int_equal(writes(), 0);
}

static void a_mount_of_another_kind_is_refused(void **state)
{
    static const char *const kv1[] = {TRANSIT, KV1, NULL};
    static const char *const pki[] = {PKI, KV, KEEPS, NULL};
    struct fixture *f = *state;
    struct seen seen = {0};

    standin_faults(&fixture_here, kv1);
    assert_fails(f, set_up(f, &seen, false), ERR_CONFLICT);
    assert_non_null(strstr(f->err.text, "KV store of version 2"));
    standin_faults(&fixture_here, pki);
    assert_fails(f, set_up(f, &seen, false), ERR_CONFLICT);
    assert_non_null(strstr(f->err.text, M "-transit/"));
    assert_int_equal(writes(), 0);
}

static void a_refusal_names_the_line(void **state)
{
    static const char *const none[] = {"status:path=sys/mounts,code=403", NULL};
    static const char *const some[] = {
        TRANSIT, KV, KEEPS,
        "status:path=" M "-transit/keys,code=403,text=permission denied", NULL};
    struct fixture *f = *state;
    struct seen seen = {0};

    standin_faults(&fixture_here, none);
    assert_fails(f, set_up(f, &seen, false), ERR_DENIED);
    assert_non_null(strstr(f->err.text, "path \"sys/mounts/" M "\""));
    standin_faults(&fixture_here, some);
    assert_fails(f, set_up(f, &seen, false), ERR_DENIED);
    assert_non_null(strstr(f->err.text, "path \"" M "-transit/keys/canary\""));
}

/* It says that a key was lost: nothing may hide that. */
static void a_dead_ciphertext_is_not_replaced(void **state)
{
    static const char *const lost[] = {
        TRANSIT, KV,
        KEEPS,   KEY,
        CIPHER,  "status:path=" M "-transit/decrypt,code=400,text=not found",
        NULL};
    static const char *const other[] = {
        TRANSIT,
        KV,
        KEEPS,
        KEY,
        CIPHER,
        "body:path=" M "-transit/decrypt,json={\"data\":{\"plaintext\":"
        "\"aGV5\"}}",
        NULL};
    struct fixture *f = *state;
    struct seen seen = {0};

    standin_faults(&fixture_here, lost);
    assert_fails(f, set_up(f, &seen, false), ERR_PRECONDITION);
    assert_non_null(strstr(f->err.text, "-renew"));
    standin_faults(&fixture_here, other);
    assert_fails(f, set_up(f, &seen, false), ERR_PRECONDITION);
    assert_non_null(strstr(f->err.text, "something else"));
    assert_int_equal(writes(), 0);
}

/* What is made is tried before it is called made. */
static void a_new_ciphertext_must_decrypt(void **state)
{
    static const char *const faults[] = {
        TRANSIT,
        KV,
        KEEPS,
        KEY,
        CIPHER,
        DECRYPTS,
        "body:path=" M "-transit/encrypt,json={\"data\":{\"ciphertext\":"
        "\"vault:v1:y\"}}",
        "body:path=" M "/data/ciphertext,method=POST,json={\"data\":{}}",
        NULL};
    struct fixture *f = *state;
    struct seen seen = {0};

    standin_faults(&fixture_here, faults);
    /* "hello" is not what it has just encrypted. */
    assert_fails(f, set_up(f, &seen, true), ERR_PRECONDITION);
    assert_int_equal(writes(), 2);
    assert_int_equal(seen.made, 0);
}

/* A new KV store refuses with 400 for a moment. */
static void a_store_that_sets_itself_up_is_waited_for(void **state)
{
    static const char *const faults[] = {
        TRANSIT,
        "status:path=sys/mounts/" M ",method=GET,code=400,times=1",
        "body:path=sys/mounts/" M ",method=POST,json={}",
        "status:path=" M "/metadata,code=400,text=Upgrading,times=2",
        "status:path=" M "/metadata,method=GET,code=404,times=1",
        "body:path=" M "/metadata,method=POST,json={}",
        KEY,
        CIPHER,
        DECRYPTS,
        NULL};
    struct fixture *f = *state;
    struct seen seen = {0};

    standin_faults(&fixture_here, faults);
    assert_ok(f, set_up(f, &seen, false));
    assert_int_equal(seen.made, 2);
    assert_int_equal(seen.there, 3);
    assert_int_equal(writes(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_is_there_is_left_alone),
        fixture_test(a_mount_of_another_kind_is_refused),
        fixture_test(a_refusal_names_the_line),
        fixture_test(a_dead_ciphertext_is_not_replaced),
        fixture_test(a_new_ciphertext_must_decrypt),
        fixture_test(a_store_that_sets_itself_up_is_waited_for),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
