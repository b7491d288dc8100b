/* SPDX-License-Identifier: Apache-2.0
 *
 * The command as somebody runs it: files in, exit code and text out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/signer.h"
#include "base/text.h"
#include "cli/evidence.h"
#include "jobs/envelope.h"
#include "jobs/evidence.h"

enum { GOOD, BAD, UNKNOWN, PATH_SIZE = 128 };

static char dir[64];
static struct signer *signer;
static char hex[2 * DIGEST_PUBLIC_KEY_SIZE + 1];
static struct buf printed; /* by the last command */

static const char *in(const char *name)
{
    static char paths[8][PATH_SIZE];
    static unsigned next;
    char *path = paths[next++ % 8];

    (void)snprintf(path, PATH_SIZE, "%s/%s", dir, name);
    return path;
}

static void save(const char *name, const char *text)
{
    struct error err = {0};

    assert_int_equal(file_replace(in(name), text, strlen(text), 0600, &err), 0);
}

static int setup(void **state)
{
    struct error err = {0};
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];

    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/assay-evidence-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(signer_open(in("signing-key.pem"), &signer, &err), 0);
    signer_public_key(signer, key);
    text_hex(key, sizeof(key), hex);
    buf_init(&printed, 1024 * 1024);
    return 0;
}

static int teardown(void **state)
{
    struct error err = {0};

    (void)state;
    buf_done(&printed);
    signer_free(signer);
    return file_remove_tree(dir, &err);
}

/* `assay evidence …`; what it prints is kept. */
static int run(const char *const *args)
{
    struct error err = {0};
    char *argv[12];
    char *copies[12];
    int argc = 0;
    int keep = dup(STDOUT_FILENO);
    int rc = 0;

    argv[argc++] = text_dup("evidence");
    for (; *args != NULL; args++)
        argv[argc++] = text_dup(*args);
    argv[argc] = NULL;
    memcpy(copies, argv, sizeof(copies)); /* flags move the arguments */
    (void)fflush(stdout);
    assert_non_null(freopen(in("out"), "w", stdout));
    rc = cli_evidence(argc, argv);
    (void)fflush(stdout);
    assert_true(dup2(keep, STDOUT_FILENO) >= 0);
    (void)close(keep);
    for (int i = 0; i < argc; i++)
        free(copies[i]);
    buf_clear(&printed);
    assert_int_equal(file_read(in("out"), &printed, &err), 0);
    return rc;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* Sign `payload`, save it as `name`. */
static void sign(const char *name, const char *type, const char *payload)
{
    struct error err = {0};
    struct buf text;
    struct buf out;

    buf_init(&text, LIMIT_MANIFEST);
    buf_init(&out, LIMIT_MANIFEST);
    buf_str(&text, payload);
    assert_int_equal(envelope_sign(type, &text, signer, &out, &err), 0);
    save(name, buf_text(&out));
    buf_done(&text);
    buf_done(&out);
}

#define SUM "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define STATEMENT                                                              \
    "{\"_type\":\"" EVIDENCE_STATEMENT_TYPE "\",\"subject\":[{\"name\":"       \
    "\"x.snap\",\"digest\":{\"sha256\":\"" SUM                                 \
    "\"}}],\"predicateType\":\"" EVIDENCE_PREDICATE_TYPE                       \
    "\",\"predicate\":{\"verdict\":\"valid\","                                 \
    "\"cluster\":\"main\\u001b[2J\",\"restore_seconds\":2.4,"                  \
    "\"rto_target_seconds\":60,\"rto_met\":true,\"checks\":[{\"name\":"        \
    "\"intact\",\"outcome\":\"pass\",\"message\":\"whole\",\"findings\":"      \
    "[]}]}}"

static void a_good_statement(void **state)
{
    (void)state;
    sign("e.json", ENVELOPE_STATEMENT, STATEMENT);
    assert_int_equal(RUN("verify", "-key", hex, in("e.json")), GOOD);
    assert_non_null(strstr(buf_text(&printed), "good, by the key"));
    assert_non_null(strstr(buf_text(&printed), hex));
    assert_non_null(strstr(buf_text(&printed), "valid"));
    assert_non_null(
        strstr(buf_text(&printed), "2.4s, in the sandbox (target 1m0s: met)"));
    assert_non_null(strstr(buf_text(&printed), "intact       pass     whole"));
    assert_non_null(strstr(buf_text(&printed), SUM));
    /* Signed or not, it does not move the cursor. */
    assert_null(strchr(buf_text(&printed), '\x1b'));
    assert_int_equal(RUN("verify", "-key", hex, "-format=json", in("e.json")),
                     GOOD);
    assert_non_null(strstr(buf_text(&printed), "\"good\":true"));
    assert_non_null(strstr(buf_text(&printed), "\"kind\":\"statement\""));
}

static void keys_come_as_text_or_file(void **state)
{
    struct error err = {0};
    char pem[SIGNER_PEM_MAX];
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];

    (void)state;
    sign("e.json", ENVELOPE_STATEMENT, STATEMENT);
    signer_public_key(signer, key);
    assert_int_equal(signer_public_pem(key, pem, &err), 0);
    save("pub.pem", pem);
    save("pub.hex", hex);
    save("junk", "no key");
    assert_int_equal(RUN("verify", "-key", in("pub.pem"), in("e.json")), GOOD);
    assert_int_equal(RUN("verify", "-key", in("pub.hex"), in("e.json")), GOOD);
    assert_int_equal(RUN("verify", "-key", in("junk"), in("e.json")), UNKNOWN);
    assert_int_equal(RUN("verify", "-key", in("none"), in("e.json")), UNKNOWN);
}

static void the_archive_is_compared(void **state)
{
    (void)state;
    sign("e.json", ENVELOPE_STATEMENT, STATEMENT);
    save("a.snap", "abc"); /* FIPS 180-4: its sum is SUM */
    save("b.snap", "abd");
    assert_int_equal(
        RUN("verify", "-key", hex, "-archive", in("a.snap"), in("e.json")),
        GOOD);
    assert_non_null(strstr(buf_text(&printed), "this is the one"));
    assert_int_equal(
        RUN("verify", "-key", hex, "-archive", in("b.snap"), in("e.json")),
        BAD);
    assert_int_equal(
        RUN("verify", "-key", hex, "-archive", in("none"), in("e.json")),
        UNKNOWN);
}

static void what_is_not_signed_is_bad(void **state)
{
    struct error err = {0};
    struct buf text;
    char other[sizeof(hex)];

    (void)state;
    sign("e.json", ENVELOPE_STATEMENT, STATEMENT);
    memcpy(other, hex, sizeof(other));
    other[0] = other[0] == '0' ? '1' : '0';
    assert_int_equal(RUN("verify", "-key", other, in("e.json")), BAD);
    assert_non_null(strstr(buf_text(&printed), "NOT GOOD"));
    assert_int_equal(RUN("verify", "-key", other, "-format=json", in("e.json")),
                     BAD);
    assert_non_null(strstr(buf_text(&printed), "\"good\":false"));
    buf_init(&text, LIMIT_MANIFEST);
    assert_int_equal(file_read(in("e.json"), &text, &err), 0);
    char *payload = strstr(text.data, "\"payload\":\"");
    assert_non_null(payload);
    payload[20] = payload[20] == 'A' ? 'B' : 'A';
    save("changed.json", buf_text(&text));
    buf_done(&text);
    assert_int_equal(RUN("verify", "-key", hex, in("changed.json")), BAD);
    save("empty.json", "");
    assert_int_equal(RUN("verify", "-key", hex, in("empty.json")), BAD);
    save("text.json", "{\"verdict\":\"valid\"}");
    assert_int_equal(RUN("verify", "-key", hex, in("text.json")), BAD);
}

static void what_is_not_known_is_not_good(void **state)
{
    (void)state;
    assert_int_equal(RUN("verify", "-key", hex, in("missing.json")), UNKNOWN);
    sign("x.json", "application/x-other", "{\"verdict\":\"valid\"}");
    assert_int_equal(RUN("verify", "-key", hex, in("x.json")), UNKNOWN);
    assert_non_null(strstr(buf_text(&printed), "does not know"));
    sign("y.json", ENVELOPE_STATEMENT,
         "{\"_type\":\"" EVIDENCE_STATEMENT_TYPE
         "\",\"predicateType\":\"urn:other\"}");
    assert_int_equal(RUN("verify", "-key", hex, in("y.json")), UNKNOWN);
}

static void manifests_are_read_too(void **state)
{
    (void)state;
    sign("v.json", ENVELOPE_VALIDATION,
         "{\"layout\":1,\"run_id\":\"r-1\",\"verdict\":\"invalid\","
         "\"sha256\":\"" SUM "\",\"requested_by\":{\"display_name\":"
         "\"alice\"},\"checks\":[{\"name\":\"lossless\",\"outcome\":\"fail\","
         "\"message\":\"m\",\"findings\":[{\"path\":\"sys/policy/x\"}]}]}");
    assert_int_equal(RUN("verify", "-key", hex, in("v.json")), GOOD);
    assert_non_null(strstr(buf_text(&printed), "invalid"));
    assert_non_null(strstr(buf_text(&printed), "alice"));
    assert_non_null(strstr(buf_text(&printed), "sys/policy/x"));
    sign("s.json", ENVELOPE_SNAPSHOT,
         "{\"layout\":1,\"id\":\"s-1\",\"entries\":98,\"sha256\":\"" SUM "\"}");
    assert_int_equal(RUN("verify", "-key", hex, in("s.json")), GOOD);
    assert_non_null(strstr(buf_text(&printed), "98"));
}

static void the_configured_key_is_printed_and_used(void **state)
{
    char config[PATH_SIZE + 64];

    (void)state;
    (void)snprintf(config, sizeof(config), "{\"data_dir\":\"%s\"}", dir);
    save("assay.json", config);
    assert_int_equal(RUN("key", "-format=hex", "-config", in("assay.json")),
                     GOOD);
    assert_memory_equal(buf_text(&printed), hex, sizeof(hex) - 1);
    assert_int_equal(RUN("key", "-config", in("assay.json")), GOOD);
    assert_true(text_starts(buf_text(&printed), "-----BEGIN PUBLIC KEY"));
    sign("e.json", ENVELOPE_STATEMENT, STATEMENT);
    assert_int_equal(RUN("verify", "-config", in("assay.json"), in("e.json")),
                     GOOD);
    /* Asking for a key does not make one. */
    assert_int_equal(unlink(in("signing-key.pem")), 0);
    assert_int_equal(RUN("key", "-config", in("assay.json")), UNKNOWN);
    assert_false(file_exists(in("signing-key.pem")));
    assert_int_equal(RUN("verify", "-config", in("assay.json"), in("e.json")),
                     UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_statement),
        TEST(keys_come_as_text_or_file),
        TEST(the_archive_is_compared),
        TEST(what_is_not_signed_is_bad),
        TEST(what_is_not_known_is_not_good),
        TEST(manifests_are_read_too),
        TEST(the_configured_key_is_printed_and_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
