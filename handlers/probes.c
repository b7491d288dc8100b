/* SPDX-License-Identifier: Apache-2.0
 *
 * For service managers and load balancers.  Neither asks Vault: a restart of
 * Assay cures nothing there. */
#include "base/log.h"
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "store/store.h"

int handlers_probes_livez(void *app, struct request *request,
                          struct reply *reply, struct error *err)
{
    (void)app;
    (void)request;
    (void)err;
    reply_plain(reply, 200, "ok\n");
    return 0;
}

int handlers_probes_readyz(void *app, struct request *request,
                           struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    struct error why = {0};

    (void)request;
    (void)err;
    if (atomic_load(&a->stopping))
        reply_plain(reply, 503, "stopping\n");
    else if (store_writable(a->store, &why) == 0)
        reply_plain(reply, 200, "ok\n");
    else {
        log_warn("not ready: %s", why.text);
        reply_plain(reply, 503, "the catalog cannot be written\n");
    }
    return 0;
}
