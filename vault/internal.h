/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this folder share.  Nobody else includes this.
 *
 * A handle (struct vault) is one address and its connections; handles of one
 * cluster share a struct cluster: settings, login, known addresses. */
#ifndef ASSAY_VAULT_INTERNAL_H
#define ASSAY_VAULT_INTERNAL_H

#include <pthread.h>

#include "base/json.h"
#include "http/http.h"
#include "vault/call.h"
#include "vault/vault.h"

enum {
    SETTINGS_PEERS_MAX = 16,
    CLUSTER_KNOWN_MAX = 40,
    QUICK_TIMEOUT_MS = 5 * 1000, /* questions that cost a server nothing */
};

/* A copy of struct vault_options that owns its strings. */
struct settings {
    enum vault_auth_method method;
    char *namespace;
    char *ca_file, *ca_dir, *cert_file, *key_file, *server_name;
    bool skip_verify;
    char *proxy;
    int64_t stall_timeout_ms, call_timeout_ms;
    char *mount, *token, *token_file;
    char *role_id, *role_id_file, *secret_id, *secret_id_file;
    char *role, *jwt_file;
    char *peers[SETTINGS_PEERS_MAX];
};

/* settings.c */
/* On -1 what was copied is still to be released with settings_done. */
int settings_copy(struct settings *s, const struct vault_options *o,
                  struct error *err) MUST_USE;
/* Without address and peers. */
void settings_view(const struct settings *s, struct vault_options *o);
void settings_done(struct settings *s);

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

/* send.c: one exchange, redirects included. */
struct exchange {
    const char *method;
    const char *path;  /* after "v1/", plain text */
    const char *query; /* percent-encoded */
    const char *body;
    const struct source *upload;
    const struct sink *sink;
    const char *token;     /* NULL or "": none */
    const char *namespace; /* NULL or "": the root */
    const char *wrap_ttl;  /* NULL: not wrapped */
    const struct cancel *cancel;
    int64_t timeout_ms; /* 0: stalls only */
    bool safe; /* a POST that changes nothing, or nothing that matters twice */
    bool once; /* exactly one request, no redirect followed */
};

/* 0: an answer of whatever status, in `response`, which the caller has
 * initialised and will release. */
int send_exchange(struct vault *v, const struct exchange *x,
                  struct http_response *response, struct error *err) MUST_USE;
/* -1 and `err` filled as vault/call.h promises if the status is 400 or more
 * (or a redirect that was not followed). */
int send_check(const struct exchange *x, const struct http_response *response,
               struct error *err) MUST_USE;
/* The body as JSON; NULL for an empty one. */
int send_parse(const struct exchange *x, const struct http_response *response,
               struct json **answer, struct error *err) MUST_USE;
/* All three: an exchange without login or repetition. */
int send_simple(struct vault *v, const struct exchange *x, struct json **answer,
                struct error *err) MUST_USE;
/* Sleep about `ms`, half of it random; -1 (ERR_CANCELLED) if cancelled. */
int send_pause(int64_t ms, const struct cancel *cancel,
               struct error *err) MUST_USE;

/* login.c */
/* A copy of a token that is good as far as we know, logging in or renewing
 * first if need be; to be released with secret_free.  `generation` names
 * it. */
int login_token(struct vault *v, char **token, unsigned *generation,
                struct error *err) MUST_USE;
/* That token was refused with 403.  1: it was dead and there is another now;
 * 0: it lives, the refusal was meant; -1: no new login. */
int login_refused(struct vault *v, const char *token, unsigned generation,
                  struct error *err) MUST_USE;
/* An own login, beside the one in use: secret, and whether it is a service
 * token.  ERR_PRECONDITION where the method has no logins. */
int login_extra(struct vault *v, char **token, bool *service,
                struct error *err) MUST_USE;
void login_init(struct login *l);
void login_done(struct login *l);

/* call.c: an exchange with our own login. */
int call_exchange(struct vault *v, struct exchange *x,
                  struct http_response *response, struct error *err) MUST_USE;

#endif
