/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is asked, and why.  The walks themselves are tried on real servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof/oracle.h"
#include "proof/tfsettings.h"
#include "tests/support/standin.h"
#include "vault/vault.h"

#define CLUSTER "11111111-2222-3333-4444-555555555555" /* the stand-in's */

static struct standin standin;

struct fixture {
    struct vault *vault;
    struct proof_oracle oracle;
    struct proof_context context;
    char chosen[ORACLE_CHOSEN_MAX];
    struct error err;
};

static int start(void **state)
{
    (void)state;
    standin_start(&standin, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    standin_stop(&standin);
    return 0;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const struct vault_options o = {.address = standin.address,
                                    .call_timeout_ms = 2000,
                                    .auth = {.method = VAULT_AUTH_APPROLE,
                                             .role_id = "role",
                                             .secret_id = "secret"}};

    assert_non_null(f);
    assert_int_equal(vault_new(&o, &f->vault, &f->err), 0);
    f->oracle = (struct proof_oracle){.wanted = "auto",
                                      .cluster_id = CLUSTER,
                                      .primary = f->vault,
                                      .baseline = "/some/inventory"};
    f->context.oracle = &f->oracle;
    standin_reset(&standin);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    vault_free(f->vault);
    free(f);
    return 0;
}

static const struct oracle *choose(struct fixture *f)
{
    error_clear(&f->err);
    return oracle_choose(&f->context, f->chosen, &f->err);
}

static void names_are_those_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; oracle_at(i) != NULL; i++) {
        assert_true(oracle_is_name(oracle_at(i)->name));
        assert_true(strlen(oracle_at(i)->about) > 10);
    }
    assert_true(oracle_is_name("auto"));
    assert_true(oracle_is_name("none"));
    assert_false(oracle_is_name("delphi"));
    assert_false(oracle_is_name(""));
}

static void auto_prefers_the_primary(void **state)
{
    struct fixture *f = *state;

    assert_ptr_equal(choose(f), &oracle_primary);
    assert_string_equal(f->chosen, " (auto: it answers)");
}

static void auto_takes_terraform_before_the_baseline(void **state)
{
    static const struct tfsettings settings = {.dir = "/tmp"};
    struct fixture *f = *state;

    standin_set(&standin, "{\"sealed\":true}");
    f->oracle.terraform = &settings;
    assert_ptr_equal(choose(f), &oracle_terraform);
    assert_string_equal(f->chosen,
                        " (auto: the primary cannot be asked: it is sealed)");
    standin_reset(&standin);
    assert_ptr_equal(choose(f), &oracle_primary);
}

static void auto_says_why_it_is_not_the_primary(void **state)
{
    struct fixture *f = *state;

    standin_set(&standin, "{\"sealed\":true}");
    assert_ptr_equal(choose(f), &oracle_baseline);
    assert_string_equal(f->chosen,
                        " (auto: the primary cannot be asked: it is sealed)");
    standin_reset(&standin);
    standin_set(&standin, "{\"cluster_id\":\"another\"}");
    assert_ptr_equal(choose(f), &oracle_baseline);
    assert_non_null(strstr(f->chosen, "another cluster now (another)"));
    f->oracle.primary = NULL;
    assert_ptr_equal(choose(f), &oracle_baseline);
    assert_non_null(strstr(f->chosen, "not configured"));
}

static void with_nobody_to_ask_it_says_so(void **state)
{
    struct fixture *f = *state;

    standin_set(&standin, "{\"sealed\":true}");
    f->oracle.baseline = NULL;
    f->oracle.baseline_text = "the disk was full";
    assert_null(choose(f));
    assert_non_null(strstr(f->err.text, "it is sealed"));
    assert_non_null(strstr(f->err.text, "the disk was full"));
}

static void auto_helps_who_could_not_tell(void **state)
{
    static const struct tfsettings settings = {.dir = "/tmp"};
    struct fixture *f = *state;
    const struct oracle *o;

    standin_set(&standin, "{\"sealed\":true}");
    f->oracle.terraform = &settings;
    o = choose(f);
    assert_ptr_equal(o, &oracle_terraform);
    o = oracle_after(o, &f->context,
                     "asked X (auto: the primary cannot be asked: it is "
                     "sealed), which did not answer",
                     f->chosen);
    assert_ptr_equal(o, &oracle_baseline);
    assert_string_equal(
        f->chosen, " (auto: the primary cannot be asked: it is sealed; "
                   "terraform could not tell: asked X, which did not answer)");
    /* He is the last, the primary's word counts, and who was named. */
    assert_null(oracle_after(o, &f->context, "", f->chosen));
    assert_null(oracle_after(&oracle_primary, &f->context, "", f->chosen));
    f->oracle.wanted = "terraform";
    assert_null(oracle_after(&oracle_terraform, &f->context, "", f->chosen));
    f->oracle.wanted = "auto";
    f->oracle.baseline = NULL;
    assert_null(oracle_after(&oracle_terraform, &f->context, "", f->chosen));
}

static void long_words_are_cut(void **state)
{
    static const struct tfsettings settings = {.dir = "/tmp"};
    struct fixture *f = *state;
    char words[400];

    standin_set(&standin, "{\"sealed\":true}");
    f->oracle.terraform = &settings;
    assert_ptr_equal(choose(f), &oracle_terraform);
    memset(words, 'w', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    assert_non_null(
        oracle_after(&oracle_terraform, &f->context, words, f->chosen));
    assert_true(strlen(f->chosen) < ORACLE_CHOSEN_MAX - 1);
    assert_string_equal(f->chosen + strlen(f->chosen) - 3, "ww)");
}

static void what_was_asked_for_is_asked(void **state)
{
    struct fixture *f = *state;

    f->oracle.wanted = "baseline";
    assert_ptr_equal(choose(f), &oracle_baseline);
    assert_string_equal(f->chosen, "");
    f->oracle.baseline = NULL;
    assert_null(choose(f));
    assert_string_equal(f->err.text, "the oracle \"baseline\" cannot be asked: "
                                     "the snapshot was taken without one");
    f->oracle.wanted = "primary";
    assert_ptr_equal(choose(f), &oracle_primary);
    standin_set(&standin, "{\"sealed\":true}");
    assert_null(choose(f));
    f->oracle.wanted = "delphi";
    assert_null(choose(f));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_those_of_the_table),
        TEST(auto_prefers_the_primary),
        TEST(auto_takes_terraform_before_the_baseline),
        TEST(auto_says_why_it_is_not_the_primary),
        TEST(auto_helps_who_could_not_tell),
        TEST(long_words_are_cut),
        TEST(with_nobody_to_ask_it_says_so),
        TEST(what_was_asked_for_is_asked),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
