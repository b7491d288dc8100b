/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole flow against a real server: $ASSAY_TEST_SERVER is the program.
 * Without it, or where namespaces are refused, 77: skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_archive_is_restored),
    };
    struct primary_options o = {.audit_file = "/tmp/assay-test-audit.log"};
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
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
