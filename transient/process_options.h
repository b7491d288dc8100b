/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator has configured about driver `process`.  Plain data: the
 * giver's strings, until copied. */
#ifndef ASSAY_TRANSIENT_PROCESS_OPTIONS_H
#define ASSAY_TRANSIENT_PROCESS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
    PROCESS_FILES_MAX = 16,
    PROCESS_TIME_LIMIT_MS = 60 * 60 * 1000, /* where none is configured */
};

/* NULL texts and zeroes: not configured. */
struct transient_process {
    /* One seal stanza, for snapshots of clusters that unseal themselves. */
    const char *seal_file;
    /* What it refers to, absolute paths: in the sandbox they are where they
     * are outside. */
    const char *const *seal_files;
    size_t seal_files_count;
    const char *seal_endpoint; /* host:port, the one way out */
    /* IPv4; what a role that is bound to addresses allows.  NULL: ours, as
     * the primary's network sees it. */
    const char *client_address;
    const char *audit_file;   /* audit stanzas (OpenBao) */
    const char *license_file; /* of Vault Enterprise */
    uint64_t memory_limit;    /* bytes; 0: none */
    int64_t time_limit_ms;    /* for its whole life */
};

/* A copy that owns everything. */
int transient_process_copy(const struct transient_process *from,
                           struct transient_process **out,
                           struct error *err) MUST_USE;
/* Of such a copy.  Accepts NULL. */
void transient_process_free(struct transient_process *p);

enum { ENDPOINT_HOST_MAX = 256 };

struct transient_endpoint {
    char host[ENDPOINT_HOST_MAX];
    unsigned port;
};

/* "host:port" with a host name or an IPv4 address.  ERR_INVALID else. */
int transient_endpoint_parse(const char *text, struct transient_endpoint *out,
                             struct error *err) MUST_USE;

#endif
