/* SPDX-License-Identifier: Apache-2.0
 *
 * A handle to one cluster: its addresses, one way in (http/) and one login.
 *
 * Any thread may use a handle at any time, except to free it.  Nothing is
 * sent by vault_new: the first call that needs a token logs in.  The login
 * is renewed when two thirds of its lease are gone, made anew when it cannot
 * be, and made anew once when a call is refused and the token proves dead. */
#ifndef ASSAY_VAULT_VAULT_H
#define ASSAY_VAULT_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "vault/options.h"

struct vault;

enum { VAULT_ADDRESS_MAX = 256, VAULT_NAME_MAX = 128 };

int vault_new(const struct vault_options *o, struct vault **out,
              struct error *err) MUST_USE;
/* Forgets the token without revoking it.  Accepts NULL. */
void vault_free(struct vault *v);

/* The same cluster at another of its addresses (a node), sharing the login
 * with `v`, whichever is freed first.  The scheme must be v's: a token never
 * goes from https to http; ERR_UPSTREAM otherwise. */
int vault_at(struct vault *v, const char *address, struct vault **out,
             struct error *err) MUST_USE;
/* Where another cluster is. */
struct vault_place {
    const char *address;
    const char *ca_file;   /* of its certificate; NULL: as v's */
    const char *namespace; /* NULL: as v's */
};

/* Another cluster (a transient copy of this one) with the same credential
 * and a login of its own.  No TLS settings, proxy or peers are taken over
 * unless the address is https, and never that verifying is off. */
int vault_like(struct vault *v, const struct vault_place *place,
               struct vault **out, struct error *err) MUST_USE;

/* v's cluster with another credential and a login of its own. */
int vault_with(struct vault *v, const struct vault_auth_options *auth,
               struct vault **out, struct error *err) MUST_USE;
/* Log in, unless it is already.  Blocks on the network. */
int vault_login(struct vault *v, struct error *err) MUST_USE;

const char *vault_address(const struct vault *v);
/* Where it logs in; NULL: the root namespace. */
const char *vault_namespace(const struct vault *v);
/* The file of CA certificates that its server is verified with; NULL: the
 * system's, or a directory. */
const char *vault_ca_file(const struct vault *v);

/* Use this token from now on instead of logging in (a transient server's
 * first root token).  -1: no secret memory. */
int vault_use_token(struct vault *v, const char *token,
                    struct error *err) MUST_USE;
/* A copy of the token in use, after logging in if that is due: for a program
 * that asks the cluster on our behalf.  To be released with secret_free. */
int vault_token(struct vault *v, char **token, struct error *err) MUST_USE;
/* Log in anew at the next call.  After a restore, whose data may not know
 * the token we hold. */
void vault_forget_login(struct vault *v);
/* Log in or renew if that is due; otherwise does nothing.  To be called now
 * and then by whoever keeps a handle for long, so that a token does not run
 * out while nothing happens. */
int vault_keep_login(struct vault *v, struct error *err) MUST_USE;

/* Log in if that is due, and of a credential that is a token find out whether
 * the server knows it (lookup-self).  ERR_DENIED if it does not. */
int vault_try_login(struct vault *v, struct error *err) MUST_USE;

#endif
