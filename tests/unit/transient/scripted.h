/* SPDX-License-Identifier: Apache-2.0
 *
 * Two scripted servers: the one that is restored into, and production. */
#ifndef ASSAY_TESTS_TRANSIENT_SCRIPTED_H
#define ASSAY_TESTS_TRANSIENT_SCRIPTED_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "standin.h"
#include "transient/driver.h"
#include "vault/vault.h"

#define SCRIPTED_SCRATCH_ID "5c5c5c5c-0000-0000-0000-000000000001"
#define SCRIPTED_PRODUCTION_ID "11111111-2222-3333-4444-555555555555"
#define SCRIPTED_NOWHERE "http://127.0.0.1:1" /* nobody answers there */
#define SCRIPTED_SHARE_1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define SCRIPTED_SHARE_2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define SCRIPTED_SHARE_3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="

extern struct standin scripted_scratch, scripted_production;

/* Once per program. */
int scripted_start(void **state);
int scripted_stop(void **state);
/* Per test: both as they are at birth; scratch has an id of its own. */
int scripted_reset(void **state);

#define scripted_faults(server, ...)                                           \
    standin_faults((server), (const char *const[]){__VA_ARGS__, NULL})

/* A client with a token (NULL: as nobody). */
struct vault *scripted_client(const char *address, const char *token);
/* The newest request's body ("body") or token ("who"), for the caller to
 * free; NULL: there was none. */
char *scripted_last(const struct standin *s, const char *method,
                    const char *path, const char *what);
/* Nothing was asked of it but questions. */
void scripted_only_read(const struct standin *s);
/* What the driver's next life has to go by, none of `secrets` (NULL at the
 * end) in it. */
struct json *scripted_leftovers(const struct transient_driver *driver,
                                void *state, const char *const *secrets);

#define assert_says(err, what)                                                 \
    do {                                                                       \
        if (strstr((err)->text, (what)) == NULL)                               \
            fail_msg("\"%s\" does not say \"%s\"", (err)->text, (what));       \
    } while (0)

#endif
