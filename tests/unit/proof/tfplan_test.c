/* SPDX-License-Identifier: Apache-2.0
 *
 * Exit codes of a plan, and what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/stream.h"
#include "base/text.h"
#include "proof/pretend.h"
#include "proof/tfplan.h"

#define ADDRESS "http://127.0.0.1:9"
#define SHOWN(actions_, after_)                                                \
    "show) cat <<'END'\n"                                                      \
    "{\"format_version\":\"1.2\",\"resource_changes\":[{\"mode\":\"managed\"," \
    "\"address\":\"vault_policy.a\",\"provider_name\":\"r/hashicorp/vault\","  \
    "\"change\":{\"actions\":[\"" actions_ "\"],\"before\":{\"x\":1},"         \
    "\"after\":{\"x\":" after_ "}}}],\"configuration\":{\"provider_config\":"  \
    "{\"vault\":{\"full_name\":\"r/hashicorp/vault\",\"expressions\":"         \
    "{\"address\":{\"constant_value\":\"" ADDRESS "\"}}}}}}\nEND\n;;\n"

struct ran {
    struct pretend p;
    struct proof_result r;
    struct error err;
    int rc;
};

static void run(struct ran *ran, const char *script,
                const struct cancel *cancel)
{
    static const struct program_pair env[] = {{"KEY", "s.hunter2"}};
    struct tfcopy *c = NULL;

    *ran = (struct ran){.rc = -1};
    pretend_init(&ran->p, script);
    ran->p.settings.env = (struct program_pairs){env, 1};
    assert_int_equal(
        tfcopy_open(&ran->p.settings, ran->p.work, cancel, &c, &ran->err), 0);
    ran->rc = tfplan_run(c, ADDRESS, "the code", &ran->r, &ran->err);
    assert_int_equal(tfcopy_close(c, &(struct error){.kind = ERR_NONE}), 0);
}

static void expect(struct ran *ran, enum proof_outcome outcome,
                   const char *words)
{
    assert_int_equal(ran->rc, 0);
    if (ran->r.outcome != outcome || strstr(ran->r.message, words) == NULL)
        fail_msg("%s: %s", proof_outcome_text(ran->r.outcome), ran->r.message);
    proof_result_done(&ran->r);
    pretend_done(&ran->p);
}

static void test_same(void **state)
{
    struct ran ran;
    char *seen;

    (void)state;
    run(&ran, SHOWN("no-op", "1"), NULL);
    seen = pretend_seen(&ran.p);
    assert_non_null(strstr(
        seen, "plan -input=false -detailed-exitcode -json -lock=false -out="));
    assert_non_null(strstr(seen, "show -json "));
    assert_null(strstr(seen, "apply"));
    free(seen);
    expect(&ran, PROOF_PASS, "compared 1 resources with the code");
}

static void test_other(void **state)
{
    struct ran ran;

    (void)state;
    run(&ran, "plan) exit 2;;\n" SHOWN("update", "2"), NULL);
    assert_int_equal(ran.r.findings_total, 1);
    expect(&ran, PROOF_DRIFT, "have not been applied");
}

static void test_could_not_tell(void **state)
{
    struct ran ran;

    (void)state;
    run(&ran,
        "plan) echo '{\"type\":\"diagnostic\",\"diagnostic\":{\"severity\":"
        "\"error\",\"summary\":\"no answer s.hunter2\"}}'; exit 1;;",
        NULL);
    assert_int_equal(ran.r.covered, 0);
    expect(&ran, PROOF_NOT_RUN,
           "terraform plan could not tell: no answer *********");
    run(&ran, "plan) kill -9 $$;;", NULL);
    expect(&ran, PROOF_NOT_RUN, "signal 9");
    run(&ran, "show) echo nonsense;;", NULL);
    expect(&ran, PROOF_NOT_RUN, "not JSON");
    run(&ran, "show) exit 1;;", NULL);
    expect(&ran, PROOF_NOT_RUN, "terraform show");
}

static void test_cancelled(void **state)
{
    const struct cancel cancel = {.requested = true};
    struct ran ran;

    (void)state;
    run(&ran, "plan) sleep 60;;", &cancel);
    assert_int_equal(ran.rc, -1);
    assert_int_equal(ran.err.kind, ERR_CANCELLED);
    proof_result_done(&ran.r);
    pretend_done(&ran.p);
}

#define TEST(name) cmocka_unit_test_teardown(name, pretend_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_same),
        TEST(test_other),
        TEST(test_could_not_tell),
        TEST(test_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
