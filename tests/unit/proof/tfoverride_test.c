/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "proof/tfoverride.h"

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    (void)text_copy(dir, sizeof dir, "/tmp/assay-tfoverride-XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    struct error err;

    (void)state;
    return file_remove_tree(dir, &err);
}

static void expect(const struct tfoverride *o, const char *text)
{
    struct error err;
    struct buf got;
    char *path;

    assert_int_equal(tfoverride_write(o, dir, &err), 0);
    path = text_format("%s/zz_assay_override.tf.json", dir);
    buf_init(&got, 4096);
    assert_int_equal(file_read(path, &got, &err), 0);
    assert_string_equal(buf_text(&got), text);
    buf_done(&got);
    free(path);
}

static const struct tfoverride_target target = {
    .address = "http://127.0.0.1:9", .ca_file = "/ca.pem", .token = "s.copy"};

static void test_the_backend_alone(void **state)
{
    (void)state;
    expect(&(struct tfoverride){.state = "/d/state.json", .target = &target},
           "{\"terraform\":{\"backend\":{\"local\":{\"path\":"
           "\"/d/state.json\"}}}}");
}

static void test_a_workspace_and_providers(void **state)
{
    static const struct tfproviders providers = {
        .any = true, .count = 1, .aliases = {"two"}};

    (void)state;
    expect(&(struct tfoverride){.workspaces = "/d/w",
                                .target = &target,
                                .providers = &providers},
           "{\"terraform\":{\"backend\":{\"local\":{\"workspace_dir\":"
           "\"/d/w\"}}},\"provider\":[{\"vault\":{\"address\":"
           "\"http://127.0.0.1:9\",\"ca_cert_file\":\"/ca.pem\","
           "\"token\":null,\"skip_child_token\":true}},{\"vault\":"
           "{\"alias\":\"two\",\"address\":\"http://127.0.0.1:9\","
           "\"ca_cert_file\":\"/ca.pem\",\"token\":null,"
           "\"skip_child_token\":true}}]}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_backend_alone),
        TEST(test_a_workspace_and_providers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
