/* SPDX-License-Identifier: Apache-2.0
 *
 * Archive to verdict against a real server: $ASSAY_TEST_SERVER is the
 * program, $ASSAY_TEST_RUNS how often (2).  Without a server: 77, skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "proof/check.h"
#include "proof/unsealed.h"
#include "proof/verdict.h"
#include "transient/restore.h"
#include "transient/sandbox.h"
#include "unit/transient/primary.h"
#include "vault/auth.h"
#include "vault/call.h"

enum { SKIPPED = 77 };
enum {
    INTACT,
    PLAUSIBLE,
    AUTHENTIC,
    DECRYPTABLE,
    RESTORABLE,
    LOSSLESS,
    CHECKS
};

static const char *server;
static char base[64];
static char audit_base[64];
static char audit_dir[80];

struct run {
    struct primary *primary;
    struct memory_source archive;
    struct transient *t;
    struct transient_report report;
    struct vault *copy;
    struct error why; /* the restore's */
    unsigned shares;  /* that were given */
    struct proof_result results[CHECKS];
    enum proof_verdict verdict;
};

static int open_archive(void *ctx, struct source *out, struct error *err)
{
    (void)err;
    *out = memory_source_of(ctx);
    return 0;
}

static void close_archive(void *ctx, struct source *archive)
{
    (void)ctx;
    (void)archive;
}

static void restore(struct run *r, unsigned keys)
{
    const struct transient_options o = {
        .product = r->primary->product,
        .version = r->primary->version,
        .server = server,
        .base_dir = base,
    };
    const struct vault_auth_options auth = {
        .method = VAULT_AUTH_APPROLE,
        .role_id = r->primary->role_id,
        .secret_id = r->primary->secret_id,
    };
    const struct source source = memory_source_of(&r->archive);
    struct transient_restore_options how = {
        .archive = &source,
        .cluster_id = r->primary->cluster_id,
        .auth = &auth,
    };
    struct keys *k = keys_new();
    struct error err;

    r->shares = keys;
    for (unsigned i = 0; i < keys; i++)
        assert_int_equal(keys_add(k, r->primary->share[i], &err), 0);
    how.keys = k;
    assert_int_equal(transient_new(&o, &r->t, &err), 0);
    error_clear(&r->why);
    if (transient_restore(r->t, &how, &r->report, &r->copy, &r->why) != 0)
        print_message("%s: %s\n", transient_outcome_text(r->report.outcome),
                      r->why.text);
    keys_free(k);
}

static void prove(struct run *r)
{
    const char *shares[PRIMARY_THRESHOLD];
    char sha256[DIGEST_SHA256_HEX];
    const char *required[CHECKS];
    size_t count = 0;
    struct error err;
    struct proof_context c = {
        .open_archive = open_archive,
        .close_archive = close_archive,
        .archive_ctx = &r->archive,
        .sha256 = sha256,
        .size_bytes = r->archive.len,
        .product = r->primary->product,
        .server_version = r->primary->version,
        .transient = r->copy,
        .transient_outcome = r->report.outcome,
        .transient_text = r->why.text,
        .transient_version = transient_server_version(r->t),
        .restore_ms = r->report.total_ms,
        .batch_login = r->report.batch_login,
        .work_dir = transient_dir(r->t),
    };

    for (size_t i = 0; i < r->shares; i++)
        shares[i] = r->primary->share[i];
    c.unsealed = proof_unsealed_new(shares, r->shares);
    assert_non_null(c.unsealed);
    digest_sha256_hex(r->archive.data, r->archive.len, sha256);
    for (size_t i = 0; i < CHECKS; i++) {
        const char *name = proof_check_at(i)->name;

        if (i != PLAUSIBLE) /* there is no snapshot before this one */
            required[count++] = name;
        if (proof_run(proof_check_at(i), &c, &r->results[i], &err) != 0)
            fail_msg("%s: %s", name, err.text);
        print_message("%s: %s: %s\n", name,
                      proof_outcome_text(r->results[i].outcome),
                      r->results[i].message);
        for (size_t k = 0; k < r->results[i].findings_count; k++)
            print_message("  %s %s\n", r->results[i].findings[k].kind,
                          r->results[i].findings[k].path);
    }
    r->verdict = proof_verdict(required, count, r->results, CHECKS);
    proof_unsealed_free(c.unsealed);
}

static void end(struct run *r)
{
    struct error err;

    vault_free(r->copy);
    for (size_t i = 0; i < CHECKS; i++)
        proof_result_done(&r->results[i]);
    if (transient_down(r->t, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(transient_gone(r->t));
    transient_free(r->t);
}

static void free_archive(struct run *r)
{
    free((void *)(uintptr_t)r->archive.data);
}

static unsigned runs(void)
{
    const char *text = getenv("ASSAY_TEST_RUNS");
    uint64_t n = 2;

    if (text != NULL)
        assert_true(text_u64(text, &n));
    return (unsigned)n;
}

static void test_it_is_lossless_every_time(void **state)
{
    struct primary *p = *state;
    struct run r = {.primary = p};

    r.archive.data = primary_snapshot(p, &r.archive.len);
    for (unsigned i = 0; i < runs(); i++) {
        int64_t started = clock_mono_ms();

        restore(&r, PRIMARY_THRESHOLD);
        prove(&r);
        for (size_t k = 0; k < r.report.phase_count; k++)
            print_message("%s %lld, ", r.report.phases[k].name,
                          (long long)r.report.phases[k].duration_ms);
        print_message("proven after %lld ms\n",
                      (long long)(clock_mono_ms() - started));
        assert_int_equal(r.verdict, PROOF_VALID);
        end(&r);
        print_message("gone after %lld ms\n",
                      (long long)(clock_mono_ms() - started));
        memset(r.results, 0, sizeof r.results);
        r.copy = NULL;
    }
    free_archive(&r);
}

static void test_the_copy_touched_no_audit_log(void **state)
{
    struct primary *p = *state;
    struct run r = {.primary = p};
    char path[128], moved[96];

    r.archive.data = primary_snapshot(p, &r.archive.len);
    (void)snprintf(path, sizeof path, "%s/audit.log", audit_dir);
    /* If the copy could write there, it would make it again. */
    (void)snprintf(moved, sizeof moved, "%s.moved", audit_dir);
    assert_int_equal(rename(audit_dir, moved), 0);
    restore(&r, PRIMARY_THRESHOLD);
    prove(&r);
    assert_int_equal(r.verdict, PROOF_VALID);
    assert_false(file_exists(audit_dir));
    end(&r);
    assert_int_equal(rename(moved, audit_dir), 0);
    assert_true(file_exists(path));
    free_archive(&r);
}

/* Tokens and leases that are over by the time of the restore. */
static void test_what_expired_is_no_loss(void **state)
{
    static const char token[] = "{\"ttl\":\"2s\",\"policies\":[\"default\"]}";
    struct primary *p = *state;
    struct run r = {.primary = p};

    primary_write(p, "auth/token/create", token);
    primary_wrap(p);
    r.archive.data = primary_snapshot(p, &r.archive.len);
    clock_sleep_ms(2500);
    restore(&r, PRIMARY_THRESHOLD);
    prove(&r);
    assert_int_equal(r.verdict, PROOF_VALID);
    assert_non_null(strstr(r.results[LOSSLESS].message, "2 expired tokens"));
    end(&r);
    free_archive(&r);
}

/* Compared with a later snapshot, the copy lacks a secret, has an old version
 * of another, and one too many. */
static void test_a_loss_is_named(void **state)
{
    struct primary *p = *state;
    struct run r = {.primary = p};
    struct memory_source older;
    const struct proof_result *lossless = &r.results[LOSSLESS];
    size_t i, missing = 0;
    struct error err;

    primary_write(p, "sys/policies/acl/doomed",
                  "{\"policy\":\"path \\\"a\\\" { capabilities = "
                  "[\\\"read\\\"] }\"}");
    r.archive.data = primary_snapshot(p, &r.archive.len);
    restore(&r, PRIMARY_THRESHOLD);
    older = r.archive;
    primary_write(p, "kv/data/later", "{\"data\":{\"a\":\"b\"}}");
    assert_int_equal(vault_delete(p->root, "sys/policies/acl/doomed", &err), 0);
    r.archive.data = primary_snapshot(p, &r.archive.len);
    prove(&r);
    assert_int_equal(r.results[INTACT].outcome, PROOF_PASS);
    assert_int_equal(r.results[DECRYPTABLE].outcome, PROOF_PASS);
    assert_int_equal(r.results[RESTORABLE].outcome, PROOF_PASS);
    assert_int_equal(lossless->outcome, PROOF_FAIL);
    assert_int_equal(r.verdict, PROOF_INVALID);
    for (i = 0; i < lossless->findings_count; i++) {
        missing += strcmp(lossless->findings[i].kind, "entry_missing") == 0;
        if (strcmp(lossless->findings[i].path, "sys/policy/doomed") == 0)
            assert_string_equal(lossless->findings[i].kind, "entry_added");
    }
    assert_int_equal(missing, 2); /* metadata and version of "later" */
    end(&r);
    free_archive(&r);
    r.archive = older;
    free_archive(&r);
}

/* Both servers take an archive without its last bytes and lose nothing. */
static void test_a_cut_archive_is_invalid(void **state)
{
    struct primary *p = *state;
    struct run r = {.primary = p};

    r.archive.data = primary_snapshot(p, &r.archive.len);
    r.archive.len -= 10;
    restore(&r, PRIMARY_THRESHOLD);
    prove(&r);
    assert_int_equal(r.results[INTACT].outcome, PROOF_FAIL);
    assert_int_equal(r.results[AUTHENTIC].outcome, PROOF_NOT_RUN);
    assert_int_equal(r.results[RESTORABLE].outcome, PROOF_PASS);
    assert_int_equal(r.results[LOSSLESS].outcome, PROOF_FAIL);
    assert_int_equal(r.verdict, PROOF_INVALID);
    end(&r);
    free_archive(&r);
}

static void test_too_few_keys_prove_nothing(void **state)
{
    struct primary *p = *state;
    struct run r = {.primary = p};

    r.archive.data = primary_snapshot(p, &r.archive.len);
    restore(&r, PRIMARY_THRESHOLD - 1);
    prove(&r);
    assert_int_equal(r.results[INTACT].outcome, PROOF_PASS);
    assert_int_equal(r.results[AUTHENTIC].outcome, PROOF_NOT_RUN);
    assert_int_equal(r.results[DECRYPTABLE].outcome, PROOF_NOT_RUN);
    assert_int_equal(r.results[RESTORABLE].outcome, PROOF_NOT_RUN);
    assert_int_equal(r.verdict, PROOF_INCONCLUSIVE);
    end(&r);
    free_archive(&r);
}

int main(int argc, char **argv)
{
    struct primary primary;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_it_is_lossless_every_time, &primary),
        cmocka_unit_test_prestate(test_the_copy_touched_no_audit_log, &primary),
        cmocka_unit_test_prestate(test_what_expired_is_no_loss, &primary),
        cmocka_unit_test_prestate(test_a_loss_is_named, &primary),
        cmocka_unit_test_prestate(test_a_cut_archive_is_invalid, &primary),
        cmocka_unit_test_prestate(test_too_few_keys_prove_nothing, &primary),
    };
    struct primary_options o = {
        .audit_port = 21390,
        .audit_syslog = file_exists("/dev/log"),
        .clean = {base, audit_base},
    };
    char audit[96];
    int failed;

    if (argc > 1 && strcmp(argv[1], SANDBOX_COMMAND) == 0)
        return sandbox_main(argc, argv);
    server = getenv("ASSAY_TEST_SERVER");
    if (server == NULL)
        return SKIPPED;
    (void)snprintf(base, sizeof base, "/tmp/assay-transient-XXXXXX");
    (void)snprintf(audit_base, sizeof audit_base, "/tmp/assay-audit-XXXXXX");
    if (mkdtemp(base) == NULL || mkdtemp(audit_base) == NULL)
        return 1;
    (void)snprintf(audit_dir, sizeof audit_dir, "%s/here", audit_base);
    if (mkdir(audit_dir, 0700) != 0)
        return 1;
    (void)snprintf(audit, sizeof audit, "%s/audit.log", audit_dir);
    o.server = server;
    o.audit_file = audit;
    primary_start(&primary, &o);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    primary_stop(&primary);
    return failed;
}
