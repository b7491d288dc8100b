/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/egress.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "vault/call.h"

#define MOUNT "assay-egress-probe"

enum { FETCH_TIMEOUT_MS = 10 * 1000, BODY_MAX = 2 * LIMIT_SECRET_FILE };

static int write_config(const struct vault *primary, struct buf *body,
                        struct error *err)
{
    const char *ca_file = vault_ca_file(primary);
    struct jsonw w;
    struct buf pem;
    struct buf url;
    int rc = 0;

    buf_init(&pem, LIMIT_SECRET_FILE);
    buf_init(&url, VAULT_ADDRESS_MAX + 64);
    buf_printf(&url, "%s/v1/sys/seal-status", vault_address(primary));
    if (ca_file != NULL)
        rc = file_read(ca_file, &pem, err);
    jsonw_init(&w, body);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "jwks_url", buf_text(&url));
    if (rc == 0 && pem.len > 0)
        jsonw_text(&w, "jwks_ca_pem", buf_text(&pem));
    jsonw_end_object(&w);
    if (rc == 0)
        rc = buf_check(body, "a request", err);
    buf_done(&pem);
    buf_done(&url);
    return rc;
}

/* It says so, or waited for as long as we did.  One that hangs up, or does
 * not like the request, has said nothing about its way out. */
static bool could_not(const struct error *err, int64_t waited_ms)
{
    if (err->status == 400)
        return strstr(err->text, "jwks URL") != NULL;
    return err->status == 0 && waited_ms >= FETCH_TIMEOUT_MS;
}

static enum egress fetch(struct vault *admin, const struct vault *primary,
                         struct error *err)
{
    struct vault_request q = {
        .method = "POST",
        .path = "auth/" MOUNT "/config",
        .namespace = "",
        .timeout_ms = FETCH_TIMEOUT_MS,
    };
    enum egress found = EGRESS_NOT_ASKED;
    int64_t asked = clock_mono_ms();
    struct buf body;

    buf_init(&body, BODY_MAX);
    if (write_config(primary, &body, err) == 0) {
        q.body = buf_text(&body);
        if (vault_call(admin, &q, NULL, err) == 0)
            found = EGRESS_OPEN;
        else if (could_not(err, clock_mono_ms() - asked))
            found = EGRESS_BLOCKED;
    }
    buf_done(&body);
    return found;
}

enum egress egress_ask(struct vault *admin, const struct vault *primary,
                       char *text, size_t size)
{
    const char *address = vault_address(primary);
    struct vault_request mount = {.method = "POST",
                                  .path = "sys/auth/" MOUNT,
                                  .namespace = "",
                                  .body = "{\"type\":\"jwt\"}"};
    enum egress found = EGRESS_NOT_ASKED;
    struct error err = {0};

    if (text_starts(address, "unix://")) {
        (void)snprintf(text, size, "the primary's address is a socket");
        return found;
    }
    if (vault_call(admin, &mount, NULL, &err) == 0) {
        found = fetch(admin, primary, &err);
        mount.method = "DELETE";
        mount.body = NULL;
        if (vault_call(admin, &mount, NULL, NULL) != 0) {
            /* What is about to be restored replaces it. */
        }
    }
    switch (found) {
    case EGRESS_OPEN:
        (void)snprintf(text, size, "it can reach %.160s", address);
        break;
    case EGRESS_BLOCKED:
        (void)snprintf(text, size, "asked to, it could not reach %.160s",
                       address);
        break;
    case EGRESS_NOT_ASKED:
        (void)snprintf(text, size, "%.200s", err.text);
        break;
    }
    return found;
}
