/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server is made with: plain data, copied by server_new, the listeners
 * too; whatever else it points to must outlive the server.  Zero means the
 * default where one is named. */
#ifndef ASSAY_SERVER_OPTIONS_H
#define ASSAY_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/principal.h"
#include "server/audited.h"
#include "server/route.h"

enum { SERVER_LISTEN_MAX = 8 };

/* Both files: TLS.  PEM; the certificate may be followed by its chain. */
struct server_tls {
    const char *cert_file;
    const char *key_file;
    bool only_1_3;              /* else 1.2 is spoken too */
    const char *client_ca_file; /* who signs clients' certificates; NULL: they
                                   are not asked for one */
    bool require_client_cert;   /* one that client_ca_file signed, or none is
                                   let in */
};

/* A socket in the file system. */
struct server_socket {
    mode_t mode; /* 0: 0600 */
    bool chown;  /* give it to these; (uid_t)-1 leaves one as it is */
    uid_t uid;
    gid_t gid;
};

/* X-Forwarded-For, as the option of Vault's listener: whose word counts for
 * where a request came from. */
struct server_forwarded {
    const char *const *trusted; /* addresses and networks; none: nobody's */
    size_t trusted_count;
    uint64_t hop_skips;    /* entries of the chain's end that are proxies */
    bool reject_untrusted; /* refuse the header from anybody else */
    bool reject_absent;    /* refuse a request without */
};

struct server_listen {
    const char *address; /* "127.0.0.1:8210", "[::1]:0", "unix:///path" */
    struct server_tls tls;
    struct server_socket socket;
    struct server_forwarded forwarded;
};

/* Requests; per_second 0: as many as they like. */
struct server_rate {
    uint64_t per_second;
    uint64_t burst;
};

struct server_rates {
    struct server_rate all;
    struct server_rate caller; /* a token; an address, before it is known */
};

/* May this request be done, and who asks?  0: yes, `out` is filled.  -1: no,
 * `err` says why.  1: cannot tell without blocking (only when !may_block):
 * it is asked again, by a thread that may. */
typedef int server_authorize_fn(void *ctx, const struct request *request,
                                bool may_block, struct principal *out,
                                struct error *err);

struct server_options {
    const struct server_listen *listen;
    size_t listen_count;               /* 1 … SERVER_LISTEN_MAX */
    const char *mount;                 /* "assay": routes are /v1/assay/… */
    const struct route *const *routes; /* tables; ends with NULL */
    const struct route *outside;       /* one table, from "/"; may be NULL */
    void *app;                         /* for handlers */
    server_authorize_fn *authorize;
    void *authorize_ctx;
    struct server_audit audit; /* zero: nothing is written down */
    /* Called when every address is bound and there are no threads yet; its
     * -1 is server_new's.  May be NULL. */
    int (*bound)(struct error *err);

    unsigned connections;            /* 512 in all, per address */
    unsigned connections_per_client; /* 128 from one IP address */
    unsigned parked;                 /* 128 long polls at once */
    int64_t request_ms;              /* 10 s for headers and body */
    int64_t idle_ms;                 /* 60 s between requests */
    int64_t send_ms;                 /* 60 s to take the answer */
    struct server_rates rates;
};

#endif
