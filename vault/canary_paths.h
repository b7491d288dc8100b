/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the canaries are; what canary.c and canary_setup.c share.  Only this
 * folder includes it. */
#ifndef ASSAY_VAULT_CANARY_PATHS_H
#define ASSAY_VAULT_CANARY_PATHS_H

#include "base/error.h"
#include "base/json.h"
#include "vault/canary.h"

enum canary_path {
    CANARY_MARKER,
    CANARY_MARKER_METADATA,
    CANARY_CIPHERTEXT,
    CANARY_DECRYPT,
    CANARY_ENCRYPT,
    CANARY_KEY,
    CANARY_KV_MOUNT,
    CANARY_TRANSIT_MOUNT,
};

struct canary_call {
    enum vault_canary_who who; /* whose policy line a refusal names */
    enum canary_path path;
    const char *mount;
    const char *query; /* as vault/call.h */
    const char *body;  /* NULL: GET; else POST */
};

/* After "v1/". */
void canary_path(enum canary_path path, const char *mount,
                 char out[VAULT_CANARY_PATH_MAX]);
/* One request, as vault_call. */
int canary_call(struct vault *v, const struct canary_call *call,
                struct json **answer, struct error *err) MUST_USE;

#endif
