/* SPDX-License-Identifier: Apache-2.0
 *
 * The last step of a recovery, against the scripted stand-in: what it says
 * when that goes wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "jobs/claims.h"
#include "jobs/engine.h"
#include "jobs/recover.h"
#include "tests/unit/jobs/fixture.h"

#define PLACE "secret/data/app"

static struct fixture f;
static struct job job;
static struct recovery r;
static bool catalog_fails;

int __real_runs_set_outcome(struct store *s, const char *id, const char *json,
                            struct error *err);
int __wrap_runs_set_outcome(struct store *s, const char *id, const char *json,
                            struct error *err);

int __wrap_runs_set_outcome(struct store *s, const char *id, const char *json,
                            struct error *err)
{
    if (catalog_fails)
        return error_set(err, ERR_IO, "the disk is full");
    return __real_runs_set_outcome(s, id, json, err);
}

static int up(void **state)
{
    const struct run_new new = {.kind = RUN_RECOVERY,
                                .cluster = "main",
                                .target = "main",
                                .params = "{}"};
    struct error err = {0};
    bool flag = false;

    (void)state;
    fixture_up(&f);
    catalog_fails = false;
    job = (struct job){
        .jobs = f.jobs, .world = &f.jobs->world, .settings = f.jobs->settings};
    assert_int_equal(runs_create(f.store, &new, &job.run, &flag, &err), 0);
    run_done(&job.run);
    assert_int_equal(
        runs_claim(f.store, 1u << RUN_RECOVERY, &job.run, &flag, &err), 0);
    assert_true(flag);
    r = (struct recovery){
        .v = {.job = &job,
              .cluster = jobs_settings_cluster(job.settings, "main")},
        .looked = true,
        .primary = {.version = 2,
                    .mount = "secret/",
                    .name = "app",
                    .path = PLACE},
        .now = {.exists = true, .version = 3},
        .want = {.path = PLACE, .wrap_ttl_ms = RECOVER_TTL_MIN_MS},
        .name = PLACE,
    };
    /* What the stand-in is by itself. */
    (void)text_copy(r.plan.cluster_id, sizeof(r.plan.cluster_id),
                    "11111111-2222-3333-4444-555555555555");
    buf_init_secret(&r.secret.value, 1024);
    buf_str(&r.secret.value, "{\"word\":\"x\"}");
    return 0;
}

static int down(void **state)
{
    (void)state;
    vault_kv_secret_done(&r.secret);
    run_done(&job.run);
    fixture_down(&f);
    return 0;
}

static void fault(const char *text)
{
    const char *const faults[] = {text, NULL};

    standin_faults(&f.standin, faults);
}

/* It fails, in these words. */
static void fails(const char *says, const char *and_says)
{
    struct error err = {0};

    assert_int_equal(recover_deliver(&r, &err), -1);
    if (strstr(err.text, says) == NULL || strstr(err.text, and_says) == NULL)
        fail_msg("%s", err.text);
}

static void nobody_knows_after_a_failure_of_the_server(void **state)
{
    (void)state;
    fault("status:path=" PLACE ",code=500");
    fails("it is not known whether " PLACE " was written", "500");
    fault("status:path=" PLACE ",code=503");
    fails("it is not known whether " PLACE " was written", "503");
    fault("drop:path=" PLACE);
    fails("it is not known whether " PLACE " was written", "");
    fault("status:path=" PLACE ",code=400");
    fails("nothing was written", "400");
    fault("status:path=" PLACE ",code=403");
    fails("nothing was written", "403");
}

static void what_cannot_be_stored_is_said(void **state)
{
    (void)state;
    catalog_fails = true;
    fault("body:path=" PLACE ",json={\"data\":{\"version\":4}}");
    fails(PLACE " is version 4 now; but that cannot be stored",
          "the disk is full");
    job.committed = false;
    r.want.wrap = true;
    fails(PLACE " is wrapped, and waits to be claimed; but that cannot be "
                "stored",
          "the disk is full");
    assert_true(jobs_recovery_waits(f.jobs, job.run.id));
}

/* Nothing is used up for what could not be kept. */
static void without_room_nothing_is_wrapped(void **state)
{
    struct error err = {0};
    char run[24];

    (void)state;
    for (int i = 0; i < LIMIT_HANDED_TOKENS; i++) {
        (void)snprintf(run, sizeof(run), "run-%d", i);
        assert_int_equal(claims_put(&f.jobs->claims, run, secret_dup("t"),
                                    clock_mono_ms() + 3600 * 1000, &err),
                         0);
    }
    r.want.wrap = true;
    fails("nothing was wrapped: too many wrapped secrets wait", "");
    assert_int_equal(
        standin_count(&f.standin, "POST", "sys/wrapping/wrap", false), 0);
    assert_int_equal(recover_room(&r, &err), -1);
    assert_int_equal(err.kind, ERR_TOO_MANY);
    r.want.wrap = false;
    assert_int_equal(recover_room(&r, &err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_knows_after_a_failure_of_the_server),
        TEST(what_cannot_be_stored_is_said),
        TEST(without_room_nothing_is_wrapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
