/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handle is made of.  Only this folder includes it.
 *
 * A handle (struct vault) is one address and its connections; handles of one
 * cluster share a struct cluster: settings, login, known addresses. */
#ifndef ASSAY_VAULT_INTERNAL_H
#define ASSAY_VAULT_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "http/http.h"
#include "vault/grant.h"
#include "vault/settings.h"
#include "vault/vault.h"

enum { CLUSTER_KNOWN_MAX = 40 };

/* Under `lock`.  token NULL: not logged in.  Times are monotonic ms;
 * expires_at 0: never. */
struct login {
    pthread_mutex_t lock;
    char *token;
    bool fixed; /* given by vault_use_token: there is no other */
    bool service;
    bool renewable;
    int64_t lease_ms; /* as first granted */
    int64_t renew_at, expires_at;
    unsigned generation; /* one more with every token */
    struct refusal refusal;
};

/* known[] are addresses that this cluster has named, or that were configured;
 * each with its connections once it was used.  Only ever grows; under `lock`
 * all of it. */
struct cluster {
    struct settings settings;
    struct login login;
    pthread_mutex_t lock;
    unsigned handles;
    size_t known_count;
    struct known {
        char address[VAULT_ADDRESS_MAX];
        struct http_client *http;
    } known[CLUSTER_KNOWN_MAX];
};

struct vault {
    char *address;
    struct http_client *http; /* owned by cluster->known */
    struct cluster *cluster;
};

/* cluster.c */
/* With one reference; NULL without memory. */
struct cluster *cluster_new(void);
void cluster_hold(struct cluster *cl);
/* Accepts NULL; the last one frees. */
void cluster_release(struct cluster *cl);
/* Connections to an address of our own choosing, which is known from now
 * on. */
int cluster_connect(struct cluster *cl, const char *address,
                    struct http_client **out, struct error *err) MUST_USE;
/* Remember an address that the cluster itself named.  Ignored when it is of
 * another scheme or there are too many. */
void cluster_learn(struct vault *v, const char *address);
/* Connections to an address if it is known; NULL otherwise. */
struct http_client *cluster_find(struct vault *v, const char *address);

/* login.c */
/* A copy of a token that is good as far as we know, logging in or renewing
 * first if need be; to be released with secret_free.  `generation` names
 * it. */
int login_token(struct vault *v, char **token, unsigned *generation,
                struct error *err) MUST_USE;
/* That token was refused with 403.  -1: no new login. */
enum {
    LOGIN_LIVES, /* the refusal was meant */
    LOGIN_ANEW,  /* it was dead, and there is another now */
    LOGIN_LOST,  /* dead, or it may not ask, and there is no other */
};
int login_refused(struct vault *v, const char *token, unsigned generation,
                  struct error *err) MUST_USE;
/* An own login, beside the one in use: secret, and whether it is a service
 * token.  ERR_PRECONDITION where the method has no logins. */
int login_extra(struct vault *v, char **token, bool *service,
                struct error *err) MUST_USE;
void login_init(struct login *l);
void login_done(struct login *l);

#endif
