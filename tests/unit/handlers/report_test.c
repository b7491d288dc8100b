/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports and evidence as a caller gets them.  Set $ASSAY_TEST_PAGE to a file
 * name to look at the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/limits.h"
#include "base/signer.h"
#include "base/text.h"
#include "handlers/report.h"
#include "store/checks.h"
#include "store/runs.h"
#include "store/validations.h"
#include "tests/unit/handlers/world.h"

#define SUM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HOSTILE "logical/<img src=x onerror=alert(1)>\u202e\"'&"

static const char basis[] =
    "{\"assay_version\":\"9.8.7\",\"required\":[\"intact\",\"restorable\","
    "\"lossless\"],\"rto_target_seconds\":900,\"rpo_target_seconds\":60,"
    "\"snapshot\":{\"cluster_id\":\"cid-then\",\"cluster_name\":\"vault-1\","
    "\"product\":\"openbao\",\"server_version\":\"2.7.2\",\"created_at\":"
    "\"2026-11-24T02:00:00Z\",\"size_bytes\":46105,\"sha256\":\"" SUM "\","
    "\"raft_index\":78,\"raft_term\":3,\"entries\":98,\"state_bytes\":41085},"
    "\"transient\":{\"driver\":\"process\",\"server_version\":\"2.7.9\","
    "\"isolated\":true}}";

static const struct check_finding_row finding = {.kind = "entry_changed",
                                                 .path = HOSTILE,
                                                 .expected = "12 bytes",
                                                 .found = "<b>13</b>"};

static const struct check_row checks[] = {
    {.name = "intact",
     .outcome = "pass",
     .covered = 98,
     .total = 98,
     .message = "complete: 98 entries, every sum matches"},
    {.name = "plausible",
     .outcome = "not_run",
     .message = "there is no older snapshot of this cluster to compare with"},
    {.name = "restorable",
     .outcome = "pass",
     .covered = 1,
     .total = 1,
     .message = "restored, unsealed and active on openbao 2.7.9 in 2.4s"},
    {.name = "lossless",
     .outcome = "fail",
     .covered = 97,
     .total = 98,
     .message = "1 of 98 entries is not as it was",
     .findings = &finding,
     .findings_count = 1,
     .findings_total = 3},
};

static struct world *w;

static int setup(void **state)
{
    (void)state;
    w = world_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static struct store *store(void)
{
    return world_app(w)->store;
}

/* A validation that a worker has begun; its id. */
static const char *begin(void)
{
    static char id[ID_TEXT_MAX];
    struct error err = {0};
    struct run run = {0};
    bool claimed = false;
    struct answer a;

    (void)world_snapshot(w, 30 * 1000, STORE_UNVALIDATED);
    a = world_call(w, "POST", "validations", "{\"snapshot\":\"latest\"}");
    assert_int_equal(a.raw.status, 200);
    answer_done(&a);
    assert_int_equal(
        runs_claim(store(), 1u << RUN_VALIDATION, &run, &claimed, &err), 0);
    assert_true(claimed);
    (void)text_copy(id, sizeof(id), run.id);
    run_done(&run);
    assert_int_equal(runs_begin_phase(store(), id, "intact", &err), 0);
    assert_int_equal(runs_begin_phase(store(), id, "destroy", &err), 0);
    assert_int_equal(runs_set_status(store(), id, RUN_DESTROYING, &err), 0);
    return id;
}

static const char *conclude(enum store_verdict verdict, const char *what)
{
    const char *id = begin();
    struct error err = {0};
    const struct validation_conclusion c = {.run_id = id,
                                            .verdict = verdict,
                                            .restore_ms = 2366,
                                            .basis = what,
                                            .checks = checks,
                                            .checks_count = sizeof(checks) /
                                                            sizeof(checks[0])};

    if (validations_conclude(store(), &c, &err) != 0)
        fail_msg("%s", err.text);
    return id;
}

static struct answer get(const char *id, const char *what, const char *accept)
{
    char uri[128];
    const char *const headers[] = {"Accept", accept, NULL};

    (void)snprintf(uri, sizeof(uri), "/v1/assay/validations/%s/%s", id, what);
    const struct testing_call call = {.method = "GET",
                                      .uri = uri,
                                      .headers =
                                          accept != NULL ? headers : NULL,
                                      .caller = world_alice()};
    return world_call_as(w, &call);
}

static const char *text(const struct json *o, const char *key)
{
    return json_get_text(o, key, "(none)");
}

static void a_report_says_it_all(void **state)
{
    const char *id = conclude(STORE_INVALID, basis);
    struct answer a = get(id, "report", "*/*");
    const struct json *d = a.data;
    const struct json *c = json_first(json_get(d, "checks"));

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(d, "validation_id"), id);
    assert_string_equal(text(d, "verdict"), "invalid");
    assert_string_equal(text(d, "summary"),
                        "Invalid: required checks failed (lossless).");
    assert_string_equal(text(d, "assay_version"), "9.8.7");
    assert_string_equal(text(json_get(d, "requested_by"), "display_name"),
                        "alice");
    assert_true(json_get_double(d, "restore_seconds", 0) == 2.366);
    assert_string_equal(text(d, "restore_measured_in"), "sandbox");
    assert_int_equal(json_get_u64(d, "rto_target_seconds", 0), 900);
    assert_true(json_get_bool(d, "rto_met", false));
    assert_int_equal(json_get_u64(d, "rpo_target_seconds", 0), 60);
    /* An invalid snapshot saves nothing. */
    assert_int_equal(json_type(json_get(d, "rpo_met")), JSON_NULL);
    /* The snapshot as it was then, not as the catalog has it. */
    assert_string_equal(text(json_get(d, "snapshot"), "sha256"), SUM);
    assert_string_equal(text(json_get(d, "snapshot"), "cluster_id"),
                        "cid-then");
    assert_int_equal(json_get_u64(json_get(d, "snapshot"), "entries", 0), 98);
    assert_true(json_get_bool(json_get(d, "transient"), "isolated", false));
    assert_int_equal(json_count(json_get(d, "required")), 3);
    assert_int_equal(json_count(json_get(d, "phases")), 2);
    assert_int_equal(json_count(json_get(d, "checks")), 4);
    assert_string_equal(text(c, "name"), "intact");
    assert_true(strlen(text(c, "question")) > 20);
    assert_true(json_get_bool(c, "required", false));
    c = json_next(c);
    assert_false(json_get_bool(c, "required", true));
    assert_string_equal(answer_header(&a, "Vary"), "Accept");
    assert_int_equal(strlen(answer_header(&a, "ETag")), 34);
    answer_done(&a);
}

static void a_page_is_text_and_nothing_else(void **state)
{
    const char *id = conclude(STORE_INVALID, basis);
    struct answer a =
        get(id, "report", "text/html,application/xhtml+xml,*/*;q=0.8");
    const char *file = getenv("ASSAY_TEST_PAGE");
    const char *page = a.raw.body;
    char policy[512];
    char hash[128];
    uint8_t sum[DIGEST_SHA256_SIZE];
    struct digest *digest = digest_new();
    char *base64 = NULL;

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_true(text_copy(policy, sizeof(policy),
                          answer_header(&a, "Content-Security-Policy")));
    assert_string_equal(answer_header(&a, "Content-Type"),
                        "text/html; charset=utf-8");
    assert_non_null(strstr(page, id));
    assert_non_null(strstr(page, SUM));
    assert_non_null(strstr(page, "class=\"badge invalid\">invalid<"));
    assert_non_null(strstr(page, "not run"));
    assert_non_null(strstr(page, "in the sandbox"));
    assert_non_null(strstr(page, "and 2 more, not listed"));
    /* What is hostile is shown, and does nothing. */
    assert_null(strstr(page, "<img"));
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "<b>13"));
    assert_null(strstr(page, "\u202e"));
    assert_non_null(strstr(page, "&lt;img src=x onerror=alert(1)&gt;\\u202e"
                                 "&quot;&#39;&amp;"));
    /* One page, nothing fetched, no style but its own. */
    assert_null(strstr(page, "http://"));
    assert_null(strstr(page, "https://"));
    assert_null(strstr(page, " style="));
    assert_null(strstr(page, "href="));
    assert_null(strstr(page, "url("));
    digest_update(digest, report_style, strlen(report_style));
    digest_final(digest, sum);
    digest_free(digest);
    base64 = text_base64(sum, sizeof(sum));
    (void)snprintf(hash, sizeof(hash), "style-src 'sha256-%s'", base64);
    free(base64);
    assert_non_null(strstr(policy, hash));
    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_non_null(strstr(page, hash));
    assert_string_equal(answer_header(&a, "X-Content-Type-Options"), "nosniff");
    assert_int_equal(strlen(answer_header(&a, "ETag")), 34);
    if (file != NULL) {
        FILE *f = fopen(file, "w");

        assert_non_null(f);
        assert_int_equal(fwrite(page, 1, strlen(page), f), strlen(page));
        assert_int_equal(fclose(f), 0);
    }
    answer_done(&a);
}

static void a_report_that_has_not_changed_is_304(void **state)
{
    const char *id = conclude(STORE_VALID, basis);
    struct answer a = get(id, "report", "text/html");
    char etag[64];
    char uri[128];

    (void)state;
    (void)text_copy(etag, sizeof(etag), answer_header(&a, "ETag"));
    answer_done(&a);
    const char *const headers[] = {"Accept", "text/html", "If-None-Match", etag,
                                   NULL};
    (void)snprintf(uri, sizeof(uri), "/v1/assay/validations/%s/report", id);
    a = world_call_as(w, &(struct testing_call){.method = "GET",
                                                .uri = uri,
                                                .headers = headers,
                                                .caller = world_alice()});
    assert_int_equal(a.raw.status, 304);
    answer_done(&a);
}

static void a_run_of_an_older_version(void **state)
{
    const char *id = conclude(STORE_VALID, NULL);
    struct answer a = get(id, "report", NULL);
    struct snapshot_row row = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_int_equal(snapshots_get(store(), "latest", NULL, &row, &err), 0);
    assert_string_equal(text(json_get(a.data, "snapshot"), "sha256"),
                        row.sha256);
    assert_int_equal(json_count(json_get(a.data, "required")), 0);
    assert_int_equal(
        json_type(json_get(json_first(json_get(a.data, "checks")), "required")),
        JSON_NULL);
    assert_string_equal(text(a.data, "assay_version"), "(none)");
    answer_done(&a);
    /* And without the snapshot nobody knows what to attest. */
    assert_int_equal(snapshots_mark_deleting(store(), row.id, &row, &err), 0);
    assert_int_equal(snapshots_forget(store(), row.id, &err), 0);
    a = get(id, "report", "text/html");
    assert_int_equal(a.raw.status, 200);
    assert_non_null(strstr(a.raw.body, "not known"));
    answer_done(&a);
    a = get(id, "evidence", NULL);
    assert_int_equal(a.raw.status, 404);
    assert_non_null(strstr(a.error, "which archive"));
    answer_done(&a);
}

static void what_is_not_over_has_no_report(void **state)
{
    const char *id = begin();
    struct error err = {0};
    struct answer a = get(id, "report", NULL);

    (void)state;
    assert_int_equal(a.raw.status, 409);
    assert_non_null(strstr(a.error, "not over yet (it is destroying)"));
    answer_done(&a);
    a = get(id, "evidence", NULL);
    assert_int_equal(a.raw.status, 409);
    answer_done(&a);
    assert_int_equal(
        runs_finish(store(), id, RUN_FAILED, "the disk is full", &err), 0);
    a = get(id, "report", NULL);
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(a.data, "verdict"), "(none)");
    assert_string_equal(text(a.data, "error"), "the disk is full");
    assert_string_equal(text(a.data, "summary"),
                        "No verdict: the validation failed.");
    answer_done(&a);
    a = get(id, "report", "text/html");
    assert_non_null(strstr(a.raw.body, "no verdict"));
    answer_done(&a);
    a = get(id, "evidence", NULL);
    assert_int_equal(a.raw.status, 404);
    assert_non_null(strstr(a.error, "nothing to attest"));
    answer_done(&a);
    a = get("0198c0de-0000-7000-8000-000000000001", "report", NULL);
    assert_int_equal(a.raw.status, 404);
    answer_done(&a);
}

static void a_transient_that_would_not_go_is_loud(void **state)
{
    const char *id = begin();
    struct error err = {0};
    struct answer a;

    (void)state;
    assert_int_equal(
        runs_set_leftovers(store(), id, "{\"transient\":\"{}\"}", &err), 0);
    assert_int_equal(
        runs_finish(store(), id, RUN_FAILED, "THE TRANSIENT …", &err), 0);
    a = world_call(w, "GET", "status", NULL);
    assert_int_equal(json_get_u64(a.data, "transient_not_destroyed", 0), 1);
    answer_done(&a);
}

static void only_for_those_who_may_see_the_run(void **state)
{
    const char *id = conclude(STORE_VALID, basis);
    char uri[128];

    (void)state;
    (void)snprintf(uri, sizeof(uri), "/v1/assay/validations/%s/evidence", id);
    struct answer a = world_call_as(
        w, &(struct testing_call){
               .method = "GET", .uri = uri, .caller = world_alice_refused()});
    assert_int_equal(a.raw.status, 200); /* her own */
    answer_done(&a);
    const struct principal stranger = {
        .token_key = "cc",
        .refusal = {.kind = ERR_DENIED, .text = "permission denied"}};
    a = world_call_as(w, &(struct testing_call){
                             .method = "GET", .uri = uri, .caller = &stranger});
    assert_int_equal(a.raw.status, 403);
    answer_done(&a);
}

/* DSSE's encoding, written down once more. */
static void assert_signed(const char *payload, size_t len, const char *sig)
{
    static const char type[] = "application/vnd.in-toto+json";
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];
    uint8_t signature[DIGEST_SIGNATURE_SIZE];
    size_t sig_len = 0;
    struct buf pae;

    world_public_key(w, key);
    buf_init(&pae, LIMIT_MANIFEST);
    buf_printf(&pae, "DSSEv1 %zu %s %zu ", sizeof(type) - 1, type, len);
    buf_add(&pae, payload, len);
    assert_true(text_unbase64(sig, signature, sizeof(signature), &sig_len));
    assert_true(signer_verify(key, pae.data, pae.len, signature));
    buf_done(&pae);
}

static void evidence_is_a_signed_statement(void **state)
{
    const char *id = conclude(STORE_VALID, basis);
    struct answer a = get(id, "evidence", NULL);
    struct json *statement = NULL;
    struct error err = {0};
    char payload[16384];
    size_t len = 0;
    const struct json *subject = NULL;
    const struct json *predicate = NULL;

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(a.data, "payloadType"),
                        "application/vnd.in-toto+json");
    assert_true(
        text_unbase64(text(a.data, "payload"), payload, sizeof(payload), &len));
    assert_signed(payload, len,
                  text(json_first(json_get(a.data, "signatures")), "sig"));
    assert_int_equal(json_parse(payload, len, &statement, &err), 0);
    assert_string_equal(text(statement, "_type"),
                        "https://in-toto.io/Statement/v1");
    assert_string_equal(text(statement, "predicateType"),
                        "urn:assay:validation:v1");
    subject = json_first(json_get(statement, "subject"));
    assert_non_null(strstr(text(subject, "name"), ".snap"));
    assert_string_equal(text(json_get(subject, "digest"), "sha256"), SUM);
    predicate = json_get(statement, "predicate");
    assert_string_equal(text(predicate, "verdict"), "valid");
    assert_string_equal(text(predicate, "validation_id"), id);
    assert_int_equal(json_count(json_get(predicate, "checks")), 4);
    json_free(statement);
    answer_done(&a);

    a = get(id, "evidence", "application/vnd.dsse.envelope.v1+json");
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(answer_header(&a, "Content-Type"),
                        "application/vnd.dsse.envelope.v1+json");
    assert_string_equal(text(a.document, "payloadType"),
                        "application/vnd.in-toto+json");
    answer_done(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_report_says_it_all),
        TEST(a_page_is_text_and_nothing_else),
        TEST(a_report_that_has_not_changed_is_304),
        TEST(a_run_of_an_older_version),
        TEST(what_is_not_over_has_no_report),
        TEST(a_transient_that_would_not_go_is_loud),
        TEST(only_for_those_who_may_see_the_run),
        TEST(evidence_is_a_signed_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
