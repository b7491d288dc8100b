/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct standin fixture_here, fixture_there;

static char archive[64];

int fixture_start(void **state)
{
    static char bytes[FIXTURE_ARCHIVE_SIZE];
    const char *args[] = {"--archive", archive, NULL};
    int fd;

    (void)state;
    memcpy(archive, "/tmp/assay-vault-XXXXXX",
           sizeof "/tmp/assay-vault-XXXXXX");
    fd = mkstemp(archive);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    close(fd);
    standin_start(&fixture_here, args);
    standin_start(&fixture_there, args);
    return 0;
}

int fixture_stop(void **state)
{
    (void)state;
    standin_stop(&fixture_here);
    standin_stop(&fixture_there);
    unlink(archive);
    return 0;
}

void fixture_options(struct vault_options *o)
{
    *o = (struct vault_options){
        .address = fixture_here.address,
        .stall_timeout_ms = 1500,
        .auth = {.method = VAULT_AUTH_APPROLE,
                 .role_id = "role",
                 .secret_id = "secret"},
    };
}

void fixture_use(struct fixture *f, const struct vault_options *o)
{
    vault_free(f->v);
    f->v = NULL;
    assert_ok(f, vault_new(o, &f->v, &f->err));
}

int fixture_set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct vault_options o;

    assert_non_null(f);
    fixture_options(&o);
    fixture_use(f, &o);
    *state = f;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct fixture *f = *state;

    vault_free(f->v);
    free(f);
    standin_reset(&fixture_here);
    standin_reset(&fixture_there);
    return 0;
}
