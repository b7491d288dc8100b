/* SPDX-License-Identifier: Apache-2.0 */
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

#include "base/file.h"
#include "base/module_copy.h"
#include "base/text.h"

static char base[] = "/tmp/assay-module-XXXXXX";

static char *path(const char *below)
{
    static char text[256];

    (void)snprintf(text, sizeof text, "%s/%s", base, below);
    return text;
}

static void make(const char *below, mode_t mode)
{
    struct error err;
    char *slash;
    char dir[256];

    (void)text_copy(dir, sizeof dir, path(below));
    slash = strrchr(dir, '/');
    *slash = '\0';
    assert_int_equal(file_make_dirs(dir, 0755, &err), 0);
    assert_int_equal(
        file_replace(path(below), below, strlen(below), mode, &err), 0);
}

static int copy(const char *below, char **module, struct error *err)
{
    char *from = text_dup(path(below));
    int rc = module_copy(from, path("to"), module, err);

    free(from);
    return rc;
}

static bool has(const char *module, const char *below)
{
    char *file = text_format("%s/%s", module, below);
    bool yes = access(file, F_OK) == 0;

    free(file);
    return yes;
}

static void test_the_module_and_what_is_beside_it(void **state)
{
    char *module = NULL;
    char *file;
    struct stat st;
    struct error err;

    (void)state;
    make("infra/live/scratch/main.tf", 0644);
    make("infra/live/scratch/run.sh", 0755);
    make("infra/live/scratch/sub/part.tf", 0644);
    make("infra/live/scratch/.terraform.lock.hcl", 0644);
    make("infra/live/scratch/.terraform/providers", 0644);
    make("infra/live/scratch/terraform.tfstate", 0644);
    make("infra/live/scratch/terraform.tfstate.backup", 0644);
    make("infra/live/scratch/.terraform.tfstate.lock.info", 0644);
    make("infra/live/other/main.tf", 0644);
    make("infra/modules/vault/main.tf", 0644);
    assert_int_equal(
        symlink("sub/part.tf", path("infra/live/scratch/linked.tf")), 0);
    assert_int_equal(mkdir(path("to"), 0700), 0);
    if (copy("infra/live/scratch", &module, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(text_starts(module, path("to")));
    assert_true(has(module, "main.tf"));
    assert_true(has(module, "sub/part.tf"));
    assert_true(has(module, "linked.tf"));
    assert_true(has(module, ".terraform.lock.hcl"));
    assert_false(has(module, ".terraform"));
    assert_false(has(module, "terraform.tfstate"));
    assert_false(has(module, "terraform.tfstate.backup"));
    assert_false(has(module, ".terraform.tfstate.lock.info"));
    /* As a module names its neighbours. */
    assert_true(has(module, "../other/main.tf"));
    assert_true(has(module, "../../modules/vault/main.tf"));
    file = text_format("%s/run.sh", module);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    free(file);
    file = text_format("%s/main.tf", module);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(file);
    /* Removing the copy leaves the neighbours alone. */
    assert_int_equal(file_remove_tree(path("to"), &err), 0);
    assert_true(file_exists(path("infra/modules/vault/main.tf")));
    assert_true(file_exists(path("infra/live/scratch/terraform.tfstate")));
    free(module);
}

static void test_a_loop_of_links_ends(void **state)
{
    char *module = NULL;
    struct error err;

    (void)state;
    make("loop/main.tf", 0644);
    assert_int_equal(symlink(".", path("loop/again")), 0);
    assert_int_equal(mkdir(path("to"), 0700), 0);
    assert_int_equal(copy("loop", &module, &err), -1);
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    assert_null(module);
    assert_int_equal(file_remove_tree(path("to"), &err), 0);
}

static void test_no_such_directory(void **state)
{
    char *module = NULL;
    struct error err;

    (void)state;
    assert_int_equal(module_copy("/nonexistent/m", base, &module, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_module_and_what_is_beside_it),
        cmocka_unit_test(test_a_loop_of_links_ends),
        cmocka_unit_test(test_no_such_directory),
    };
    int failed;

    if (mkdtemp(base) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
