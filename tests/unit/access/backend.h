/* SPDX-License-Identifier: Apache-2.0
 *
 * A Vault that answers as it is told to, and questions to it. */
#ifndef ASSAY_TESTS_ACCESS_BACKEND_H
#define ASSAY_TESTS_ACCESS_BACKEND_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "access/access.h"
#include "base/clock.h"
#include "base/text.h"

/* What the backend will answer, and how often it was asked. */
static struct {
    unsigned can;
    enum error_kind capabilities_fail;
    enum error_kind identify_fail;
    const char *entity;
    bool root;
    int asked;
    int identified;
    char path[128];
    int fail_status;
    const char *fail_for; /* this token only; NULL: for all */
    bool saw_break_glass; /* which must stay with us */
} vault;

static inline int capabilities(void *ctx, const char *token, const char *path,
                               unsigned *out, struct error *err)
{
    (void)ctx;
    assert_true(token[0] != '\0');
    vault.asked++;
    vault.saw_break_glass = vault.saw_break_glass || break_glass_is(token);
    (void)text_copy(vault.path, sizeof(vault.path), path);
    if (vault.capabilities_fail != ERR_NONE &&
        (vault.fail_for == NULL || strcmp(vault.fail_for, token) == 0)) {
        (void)error_set(err, vault.capabilities_fail, "from the backend");
        err->status = vault.fail_status;
        return -1;
    }
    *out = vault.can;
    return 0;
}

static inline int identify(void *ctx, const char *token, struct principal *out,
                           struct error *err)
{
    (void)ctx;
    (void)token;
    vault.identified++;
    if (vault.identify_fail != ERR_NONE)
        return error_set(err, vault.identify_fail, "from the backend");
    (void)text_copy(out->display_name, sizeof(out->display_name), "approle");
    (void)text_copy(out->entity_id, sizeof(out->entity_id), vault.entity);
    out->root = vault.root;
    return 0;
}

static const struct access_options plain = {
    .backend = {capabilities, identify, NULL},
    .key = {1, 2, 3},
    .allowed_ms = 60000,
    .refused_ms = 60000,
};

static inline struct access *fresh(const struct access_options *o)
{
    struct access *a;
    struct error err;

    memset(&vault, 0, sizeof(vault));
    vault.entity = "e-1";
    assert_int_equal(access_new(o, &a, &err), 0);
    return a;
}

static struct principal who;
static struct error why;
static unsigned right; /* what break glass needs for the next question */

static inline int check(struct access *a, const char *token,
                        enum access_operation operation, unsigned needs)
{
    const struct access_question q = {.token = token,
                                      .path = "assay/restores",
                                      .operation = operation,
                                      .needs = needs,
                                      .right = right};

    memset(&who, 0, sizeof(who));
    memset(&why, 0, sizeof(why));
    return access_check(a, &q, true, &who, &why);
}

static inline void refused_with(const char *text)
{
    assert_int_equal(why.kind, ERR_DENIED);
    assert_string_equal(why.text, text);
}

#endif
