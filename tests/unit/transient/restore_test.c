/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole flow against a real server: $ASSAY_TEST_SERVER is the program.
 * Without it, or where namespaces are refused, 77: skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "primary.h"
#include "transient/restore.h"
#include "transient/sandbox.h"

enum { SKIPPED = 77 };

static const char *server;
static struct primary primary;
static char base[64];
static char *archive;
static size_t archive_len;

static struct transient *new_transient(const struct cancel *cancel)
{
    const struct transient_options o = {
        .product = primary.product,
        .version = primary.version,
        .server = server,
        .base_dir = base,
        .cancel = cancel,
    };
    struct transient *t = NULL;
    struct error err;

    assert_int_equal(transient_new(&o, &t, &err), 0);
    return t;
}

static struct keys *keys_of(unsigned first, unsigned count)
{
    struct keys *k = keys_new();
    struct error err;

    for (unsigned i = first; i < first + count; i++)
        assert_int_equal(keys_add(k, primary.share[i], &err), 0);
    return k;
}

/* Restore with these keys; the transient stays up. */
static int restore(struct transient *t, const struct keys *keys,
                   struct transient_report *report, struct vault **v,
                   struct error *err)
{
    const struct vault_auth_options auth = {
        .method = VAULT_AUTH_APPROLE,
        .role_id = primary.role_id,
        .secret_id = primary.secret_id,
    };
    struct memory_source m = {.data = archive, .len = archive_len};
    const struct source source = memory_source_of(&m);
    const struct transient_restore_options o = {
        .archive = &source,
        .cluster_id = primary.cluster_id,
        .keys = keys,
        .auth = &auth,
    };

    return transient_restore(t, &o, report, v, err);
}

static void print_phases(const struct transient_report *r)
{
    for (size_t i = 0; i < r->phase_count; i++)
        print_message("%s %lld ms, ", r->phases[i].name,
                      (long long)r->phases[i].duration_ms);
    print_message("total %lld ms\n", (long long)r->total_ms);
}

static void end(struct transient *t)
{
    struct error err;

    if (transient_down(t, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(transient_gone(t));
    assert_false(file_exists(transient_dir(t)));
    transient_free(t);
}

static void test_an_archive_is_restored(void **state)
{
    struct transient *t = new_transient(NULL);
    struct keys *keys = keys_of(0, PRIMARY_THRESHOLD);
    struct transient_report report;
    struct vault *v = NULL;
    struct error err;

    (void)state;
    if (restore(t, keys, &report, &v, &err) != 0)
        fail_msg("%s", err.text);
    print_phases(&report);
    assert_int_equal(report.phase_count, TRANSIENT_PHASES);
    assert_int_equal(report.outcome, TRANSIENT_OK);
    vault_free(v);
    keys_free(keys);
    end(t);
}

/* ---- when it does not work ---- */

static void expect(const struct keys *keys, enum transient_outcome outcome,
                   const char *phase, const char *sentence)
{
    struct transient *t = new_transient(NULL);
    struct transient_report report;
    struct vault *v = NULL;
    struct error err;

    assert_int_equal(restore(t, keys, &report, &v, &err), -1);
    print_message("%s\n", err.text);
    assert_null(v);
    assert_string_equal(transient_outcome_text(report.outcome),
                        transient_outcome_text(outcome));
    assert_string_equal(report.phases[report.phase_count - 1].name, phase);
    assert_non_null(strstr(err.text, sentence));
    end(t);
}

static void test_too_few_keys_are_said(void **state)
{
    struct keys *keys = keys_of(1, 1);

    (void)state;
    expect(keys, TRANSIENT_KEYS, "unseal",
           "needs 2 of 3 unseal key shares and only 1 is configured");
    keys_free(keys);
    expect(NULL, TRANSIENT_KEYS, "unseal", "and 0 are configured");
}

static void test_wrong_keys_are_said(void **state)
{
    static const char *const wrong[] = {
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
        "IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8h",
    };
    struct keys *keys = keys_new();
    struct error err;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(keys_add(keys, wrong[i], &err), 0);
    expect(keys, TRANSIENT_KEYS, "unseal", "does not open");
    keys_free(keys);
}

static void test_a_damaged_archive_is_refused(void **state)
{
    struct keys *keys = keys_of(0, PRIMARY_THRESHOLD);
    size_t whole = archive_len;

    (void)state;
    archive_len = whole / 2;
    expect(keys, TRANSIENT_REFUSED, "upload", "did not take the archive");
    archive_len = whole;
    keys_free(keys);
}

static void test_a_dead_credential_is_said(void **state)
{
    struct keys *keys = keys_of(0, PRIMARY_THRESHOLD);
    char *alive = primary.secret_id;
    char dead[] = "00000000-0000-0000-0000-000000000000";

    (void)state;
    primary.secret_id = dead;
    expect(keys, TRANSIENT_LOGIN, "login", "cannot log in");
    primary.secret_id = alive;
    keys_free(keys);
}

static void test_another_cluster_is_noticed(void **state)
{
    struct keys *keys = keys_of(0, PRIMARY_THRESHOLD);
    char right[sizeof primary.cluster_id];

    (void)state;
    memcpy(right, primary.cluster_id, sizeof right);
    memcpy(primary.cluster_id, "another", sizeof "another");
    expect(keys, TRANSIENT_NOT_ACTIVE, "active", "cluster another");
    memcpy(primary.cluster_id, right, sizeof right);
    keys_free(keys);
}

static void test_an_older_server_is_not_used(void **state)
{
    const char *old = "9999.1.0";
    char right[sizeof primary.version];

    (void)state;
    memcpy(right, primary.version, sizeof right);
    memcpy(primary.version, old, strlen(old) + 1);
    expect(NULL, TRANSIENT_OLD_SERVER, "up", "older than the snapshot's");
    memcpy(primary.version, right, sizeof right);
}

/* ---- when somebody stops it ---- */

struct stopper {
    const char *at; /* the phase */
    struct cancel cancel;
    int tell; /* a pipe; or -1 */
};

static void on_phase(void *ctx, const char *name)
{
    struct stopper *s = ctx;

    if (strcmp(name, s->at) != 0)
        return;
    if (s->tell < 0)
        atomic_store(&s->cancel.requested, true);
    else if (write(s->tell, "!", 1) != 1)
        abort();
}

static struct transient *stoppable(struct stopper *s)
{
    const struct transient_options o = {
        .product = primary.product,
        .version = primary.version,
        .server = server,
        .base_dir = base,
        .events = {.phase = on_phase, .ctx = s},
        .cancel = &s->cancel,
    };
    struct transient *t = NULL;
    struct error err;

    assert_int_equal(transient_new(&o, &t, &err), 0);
    return t;
}

/* Not the snapshot's fault. */
static void test_too_little_memory(void **state)
{
    const struct transient_process little = {.memory_limit = 64 * 1024 * 1024};
    const struct transient_options o = {
        .product = primary.product,
        .version = primary.version,
        .server = server,
        .base_dir = base,
        .process = &little,
    };
    struct transient *t = NULL;
    struct error err;

    (void)state;
    assert_int_equal(transient_new(&o, &t, &err), 0);
    assert_int_equal(transient_up(t, &err), -1);
    assert_int_equal(transient_outcome(t), TRANSIENT_LIMIT);
    assert_non_null(strstr(err.text, "memory"));
    assert_non_null(strstr(err.text, "transient.memory_limit"));
    assert_int_equal(transient_down(t, &err), 0);
    transient_free(t);
}

static const char *const phases[TRANSIENT_PHASES] = {
    "up", "init", "upload", "restore", "unseal", "active", "login"};

static void test_it_is_cancelled_in_every_phase(void **state)
{
    struct keys *keys = keys_of(0, PRIMARY_THRESHOLD);

    (void)state;
    for (size_t i = 0; i < TRANSIENT_PHASES; i++) {
        struct stopper s = {.at = phases[i], .tell = -1};
        struct transient *t = stoppable(&s);
        struct transient_report report;
        struct vault *v = NULL;
        struct error err;

        assert_int_equal(restore(t, keys, &report, &v, &err), -1);
        assert_int_equal(report.outcome, TRANSIENT_CANCELLED);
        assert_int_equal(err.kind, ERR_CANCELLED);
        assert_int_equal(report.phase_count, i + 1);
        end(t);
    }
    keys_free(keys);
}

static void kill_in_phase(const char *phase, int64_t later_ms)
{
    struct keys *keys = keys_of(0, PRIMARY_THRESHOLD);
    struct stopper s = {.at = phase};
    struct transient_report report;
    struct transient *t;
    struct error err;
    char byte;
    int told[2];
    pid_t pid;

    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
    s.tell = told[1];
    t = stoppable(&s);
    pid = fork();
    if (pid == 0) {
        struct vault *v = NULL;

        (void)close(told[0]);
        if (restore(t, keys, &report, &v, &err) == 0)
            pause();
        _exit(1);
    }
    (void)close(told[1]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    clock_sleep_ms(later_ms);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    /* By itself: this process was told nothing and does nothing. */
    for (int i = 0; i < 6000 && !transient_gone(t); i++)
        clock_sleep_ms(10);
    assert_true(transient_gone(t));
    assert_int_equal(transient_recover(transient_leftovers(t), NULL, &err), 0);
    (void)close(told[0]);
    transient_free(t);
    keys_free(keys);
}

static void test_a_kill_in_any_phase_leaves_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRANSIENT_PHASES; i++)
        kill_in_phase(phases[i], i == 0 ? 100 : 30);
}

/* The daemon and its helper die together: the next start cleans up. */
static void test_leftovers_of_a_crash_are_removed(void **state)
{
    struct transient *t = new_transient(NULL);
    struct error err;
    char *leftovers = text_dup(transient_leftovers(t));
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        if (transient_up(t, &err) != 0)
            _exit(1);
        raise(SIGSTOP);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    assert_false(transient_gone(t));
    assert_int_equal(transient_recover(leftovers, NULL, &err), 0);
    assert_true(transient_gone(t));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(transient_recover(leftovers, NULL, &err), 0);
    transient_free(t);
    free(leftovers);
}

static void test_leftovers_of_others_are_left_alone(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(transient_recover("{\"driver\":\"process\",\"name\":"
                                       "\"etc\",\"dir\":\"/etc\"}",
                                       NULL, &err),
                     -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_true(file_exists("/etc/passwd"));
    assert_int_equal(transient_recover("{\"driver\":\"no\"}", NULL, &err), -1);
    assert_int_equal(transient_recover("{", NULL, &err), -1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_archive_is_restored),
        cmocka_unit_test(test_too_few_keys_are_said),
        cmocka_unit_test(test_wrong_keys_are_said),
        cmocka_unit_test(test_a_damaged_archive_is_refused),
        cmocka_unit_test(test_a_dead_credential_is_said),
        cmocka_unit_test(test_another_cluster_is_noticed),
        cmocka_unit_test(test_an_older_server_is_not_used),
        cmocka_unit_test(test_too_little_memory),
        cmocka_unit_test(test_it_is_cancelled_in_every_phase),
        cmocka_unit_test(test_a_kill_in_any_phase_leaves_nothing),
        cmocka_unit_test(test_leftovers_of_a_crash_are_removed),
        cmocka_unit_test(test_leftovers_of_others_are_left_alone),
    };
    struct primary_options o = {.clean = {base}};
    int failed;

    if (argc > 1 && strcmp(argv[1], SANDBOX_COMMAND) == 0)
        return sandbox_main(argc, argv);
    server = getenv("ASSAY_TEST_SERVER");
    if (server == NULL)
        return SKIPPED;
    (void)snprintf(base, sizeof base, "/tmp/assay-transient-XXXXXX");
    if (mkdtemp(base) == NULL)
        return 1;
    o.server = server;
    primary_start(&primary, &o);
    archive = primary_snapshot(&primary, &archive_len);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(archive);
    primary_stop(&primary);
    return failed;
}
