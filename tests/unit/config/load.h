/* SPDX-License-Identifier: Apache-2.0
 *
 * A configuration from its text, and what is said of it. */
#ifndef ASSAY_TESTS_CONFIG_LOAD_H
#define ASSAY_TESTS_CONFIG_LOAD_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "config/config.h"

static const char *const no_env[] = {NULL};

static char file_path[] = "/tmp/assay-config-XXXXXX";

static inline int make_file(void **state)
{
    int fd = mkstemp(file_path);

    (void)state;
    if (fd < 0)
        return -1;
    return close(fd);
}

static inline int remove_file(void **state)
{
    (void)state;
    return unlink(file_path);
}

struct loaded {
    struct config *config;
    struct config_report report;
    int rc;
};

static inline struct loaded load_source(const char *text,
                                        struct config_source source)
{
    struct loaded l = {0};
    struct error err = {0};

    if (text != NULL) {
        assert_int_equal(
            file_replace(file_path, text, strlen(text), 0600, &err), 0);
        source.file = file_path;
    }
    l.rc = config_load(&source, &l.report, &l.config);
    assert_int_equal(l.rc == 0, l.report.errors == 0);
    return l;
}

static inline struct loaded load_env(const char *text, const char *const *env,
                                     bool dev)
{
    return load_source(text, (struct config_source){.env = env, .dev = dev});
}

static inline struct loaded load(const char *text)
{
    return load_env(text, no_env, false);
}

static inline bool said(const struct loaded *l, const char *part)
{
    for (size_t i = 0; i < l->report.kept; i++)
        if (strstr(l->report.items[i].text, part) != NULL)
            return true;
    return false;
}

static inline void assert_said(const struct loaded *l, const char *part)
{
    if (said(l, part))
        return;
    for (size_t i = 0; i < l->report.kept; i++)
        print_message("said: %s\n", l->report.items[i].text);
    fail_msg("nobody said: %s", part);
}

/* One problem, and this is it. */
static inline void assert_problem(const char *text, const char *problem)
{
    struct loaded l = load(text);

    assert_said(&l, problem);
    assert_int_equal(l.rc, -1);
    assert_int_equal(l.report.errors, 1);
    assert_null(l.config);
}

#define CLUSTER                                                                \
    "\"clusters\": {\"main\": {\"address\": \"https://v:8200\","               \
    " \"auth\": {\"method\": \"approle\", \"role_id\": \"r\"}}}"

#endif
