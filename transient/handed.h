/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator's module or program says about the cluster it raised:
 *
 *   vault_addr      https://…, unix:///…, or http:// on loopback; required
 *   vault_cacert    PEM of the CA that signed its certificate
 *   vault_namespace where Assay logs in, instead of the cluster's own
 *   init_token      it is initialised already, and this is its root token
 *   unsealed        true: it initialises and unseals itself; wait for it
 *   egress_probe    "blocked" or "open": what a probe from inside found out
 *
 * Private to transient/. */
#ifndef ASSAY_TRANSIENT_HANDED_H
#define ASSAY_TRANSIENT_HANDED_H

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"
#include "transient/driver.h"
#include "transient/driver_dir.h"

struct handed {
    char *address;
    char *namespace;
    char *ca_file;    /* the PEM, in our directory */
    char *init_token; /* secret */
    bool unsealed;
    const char *egress_probe; /* "blocked", "open" or NULL; static */
};

/* A flat object, or `terraform output -json`'s, whose members are objects
 * with a "value".  ERR_INVALID says what is missing or cannot be; nothing of
 * the output is repeated but the address. */
int handed_read(const struct json *outputs, const struct driver_dir *dir,
                struct handed *out, struct error *err) MUST_USE;
/* Points into `h`. */
void handed_facts(const struct handed *h, struct transient_facts *out);
/* Does somebody who speaks like Vault still answer there?  Waits 5 s at
 * most.  False without an address. */
bool handed_answers(const struct handed *h);
/* Accepts a zeroed one. */
void handed_done(struct handed *h);

/* A token must not travel in the clear: https, a socket, or loopback. */
int handed_check_address(const char *address, struct error *err) MUST_USE;

#endif
