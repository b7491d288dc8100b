/* SPDX-License-Identifier: Apache-2.0
 *
 * The certificate of a listener, and how it is replaced while connections
 * are open: each connection holds the keys that it began with, and the old
 * ones are freed with the last of them.
 *
 * libmicrohttpd makes the sessions, for a kind of credentials (pre-shared
 * keys) that nobody has; tls_begin gives them ours, before the first byte is
 * read.  A session that did not get them can do no handshake. */
#ifndef ASSAY_SERVER_TLS_H
#define ASSAY_SERVER_TLS_H

#include <gnutls/gnutls.h>

#include "base/error.h"
#include "server/options.h"

struct tls;      /* one listener's */
struct tls_keys; /* the files as they were read once; counted */

/* Reads the files.  `options` is borrowed.  -1: a sentence that names the
 * file. */
int tls_new(const struct server_tls *options, struct tls **out,
            struct error *err) MUST_USE;
/* When no connection is left.  Accepts NULL. */
void tls_free(struct tls *tls);

/* Read the files again, without using them yet. */
int tls_load(const struct tls *tls, struct tls_keys **out,
             struct error *err) MUST_USE;
/* For every connection from now on; takes over `keys`. */
void tls_use(struct tls *tls, struct tls_keys *keys);

/* What this session is to speak, prove and ask for.  NULL if that failed: the
 * connection must be ended. */
struct tls_keys *tls_begin(struct tls *tls, gnutls_session_t session);
/* The other end of tls_begin and tls_load.  Accepts NULL. */
void tls_end(struct tls_keys *keys);

#endif
