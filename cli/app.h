/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon, composed: catalog, storage, clusters, engine, access, server.
 * Only this file and its neighbours know all of them.  One thread. */
#ifndef ASSAY_CLI_APP_H
#define ASSAY_CLI_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/config.h"

struct app;

/* Open everything, listening sockets included, but serve and run nothing
 * yet.  The configuration is borrowed and outlives the app.  -1: a sentence
 * that says what to do. */
int app_open(const struct config *config, struct app **out,
             struct error *err) MUST_USE;
/* Clean up after the last life, refuse a credential that is not allowed,
 * start the workers, serve.  Blocks for as long as the cleaning takes. */
int app_start(struct app *app, struct error *err) MUST_USE;
/* The daemon ends because its credential turned out to be one that is not
 * allowed. */
bool app_refused(void);
/* The n-th address that is listened on, as a URL with its port, or
 * unix:///path; NULL past the end. */
const char *app_address(const struct app *app, size_t n);
/* Where a cluster is, in the words of the configuration; NULL past the end.
 * The name is written to *name. */
const char *app_cluster(const struct app *app, size_t n, const char **name);
/* Take over from `config` what can change while running (it is not needed
 * afterwards), and forget the logins, so that credentials are read again.
 * On -1 nothing has changed. */
int app_reload(struct app *app, const struct config *config,
               struct error *err) MUST_USE;
/* Refuse new requests, let those under way and the runs finish, each for
 * config's `drain`. */
void app_stop(struct app *app);
/* Accepts NULL and what app_open left half done. */
void app_free(struct app *app);

#endif
