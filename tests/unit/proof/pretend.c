/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/pretend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"

/* The latest one's. */
static char made[sizeof((struct pretend *)NULL)->dir];

static void put(const char *path, const char *text, mode_t mode)
{
    struct error err;

    if (file_replace(path, text, strlen(text), mode, &err) != 0)
        fail_msg("%s", err.text);
}

void pretend_init(struct pretend *p, const char *script)
{
    struct error err;
    char *text;

    *p = (struct pretend){.module = NULL};
    (void)text_copy(p->dir, sizeof p->dir, "/tmp/assay-pretend-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    (void)text_copy(made, sizeof made, p->dir);
    p->module = text_format("%s/infra/vault", p->dir);
    p->work = text_format("%s/copy", p->dir);
    p->binary = text_format("%s/pretend-terraform", p->dir);
    p->seen = text_format("%s/seen", p->dir);
    assert_int_equal(file_make_dirs(p->module, 0700, &err), 0);
    pretend_put(p, "main.tf", "# nothing\n");
    text = text_format("#!/bin/sh\nseen=%s\necho \"$*\" >> $seen\n"
                       "env > $seen.env\ncase $1 in\n%s\n*) ;;\nesac\n",
                       p->seen, script);
    put(p->binary, text, 0700);
    free(text);
    p->settings = (struct tfsettings){.dir = p->module, .binary = p->binary};
}

void pretend_done(struct pretend *p)
{
    struct error err;

    assert_int_equal(file_remove_tree(p->dir, &err), 0);
    free(p->module);
    free(p->work);
    free(p->binary);
    free(p->seen);
}

int pretend_tear_down(void **state)
{
    struct error err;

    (void)state;
    return file_remove_tree(made, &err);
}

void pretend_put(const struct pretend *p, const char *name, const char *text)
{
    char *path = text_format("%s/%s", p->module, name);

    put(path, text, 0600);
    free(path);
}

char *pretend_read(const char *path)
{
    struct error err;
    struct buf text;
    char *out = NULL;

    buf_init(&text, 64 * 1024);
    if (file_read(path, &text, &err) == 0) {
        out = text.len > 0 ? buf_take(&text) : text_dup("");
        assert_non_null(out);
    }
    buf_done(&text);
    return out;
}

char *pretend_seen(const struct pretend *p)
{
    return pretend_read(p->seen);
}
