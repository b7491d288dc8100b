/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/flags.h"

enum { ARGS_MAX = 8 };

static const char *file;
static bool dev;
static int64_t age;

static const struct flag flags[] = {
    {"config", FLAG_TEXT, &file, "FILE", "a file"},
    {"dev", FLAG_BOOL, &dev, NULL, "for development"},
    {"max-age", FLAG_DURATION, &age, "AGE", "how old"},
    {0},
};

static int count;
static struct error err;
static char *argv_of_test[ARGS_MAX + 2];
static char words[ARGS_MAX + 2][64];

/* Parse a command line, given as words up to a NULL. */
static int parse(const char *const *given)
{
    int argc = 1;

    file = NULL;
    dev = false;
    age = 7;
    count = -1;
    err = (struct error){0};
    argv_of_test[0] = words[0];
    for (; given[argc - 1] != NULL; argc++) {
        (void)snprintf(words[argc], sizeof(words[argc]), "%s", given[argc - 1]);
        argv_of_test[argc] = words[argc];
    }
    return flags_parse(flags, argc, argv_of_test, &count, &err);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void values_as_go_takes_them(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-config", "a", "-dev"), 0);
    assert_string_equal(file, "a");
    assert_true(dev);
    assert_int_equal(PARSE("--config=b=c", "-dev=false", "-max-age=90"), 0);
    assert_string_equal(file, "b=c");
    assert_false(dev);
    assert_int_equal(age, 90000);
    assert_int_equal(PARSE("-max-age", "1h30m"), 0);
    assert_int_equal(age, 5400000);
}

static void arguments_come_first(void **state)
{
    (void)state;
    assert_int_equal(PARSE("diff", "-dev", "a.snap", "-", "--", "-b"), 0);
    assert_int_equal(count, 4);
    assert_string_equal(argv_of_test[1], "diff");
    assert_string_equal(argv_of_test[2], "a.snap");
    assert_string_equal(argv_of_test[3], "-");
    assert_string_equal(argv_of_test[4], "-b");
    assert_true(dev);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-confg", "x"), -1);
    assert_string_equal(err.text, "unknown flag -confg; did you mean -config?");
    assert_int_equal(PARSE("-zzzzzzzz"), -1);
    assert_string_equal(err.text, "unknown flag -zzzzzzzz");
    assert_int_equal(PARSE("-config"), -1);
    assert_string_equal(err.text, "-config needs a value: FILE");
    assert_int_equal(PARSE("-dev=perhaps"), -1);
    assert_string_equal(err.text, "-dev: expected true or false");
    assert_int_equal(PARSE("-max-age=soon"), -1);
    assert_non_null(strstr(err.text, "-max-age: expected a duration"));
    assert_int_equal(age, 7);
}

static void help_wins(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-dev", "-help", "-nonsense"), 1);
    assert_int_equal(PARSE("--help"), 1);
    assert_int_equal(PARSE("-h"), 1);
    assert_int_equal(PARSE("--", "-h"), 0);
}

static int seven(int argc, char **argv)
{
    assert_int_equal(argc, 2);
    assert_string_equal(argv[0], "seven");
    assert_string_equal(argv[1], "-x");
    return 7;
}

static void a_command_is_chosen_by_its_name(void **state)
{
    static const struct flags_choice choices[] = {{"seven", seven},
                                                  {NULL, NULL}};
    char assay[] = "assay", name[] = "seven", x[] = "-x", help[] = "-help";

    (void)state;
    assert_int_equal(
        flags_choose(choices, "", 3, (char *[]){assay, name, x, NULL}), 7);
    assert_int_equal(
        flags_choose(choices, "", 2, (char *[]){assay, help, NULL}), 0);
    assert_int_equal(flags_choose(choices, "", 2, (char *[]){assay, x, NULL}),
                     2);
    assert_int_equal(flags_choose(choices, "", 1, (char *[]){assay, NULL}), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_chosen_by_its_name),
        cmocka_unit_test(values_as_go_takes_them),
        cmocka_unit_test(arguments_come_first),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(help_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
