/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration of a transient server: one raft node, with its API on
 * loopback.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_SERVER_CONFIG_H
#define ASSAY_TRANSIENT_SERVER_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

#define SERVER_SOCKET "api.sock"
#define SERVER_RAFT "raft"

struct server_config {
    const char *dir;     /* as the server sees it; holds socket and data */
    const char *product; /* "vault" or "openbao" */
    unsigned api_port;   /* on loopback */
    unsigned cluster_port;
    bool own_socket;    /* it listens on SERVER_SOCKET by itself */
    bool generate_root; /* OpenBao offers it only where this says so */
    bool raw_storage;   /* with sys/raw */
};

/* Append it, in HCL.  ERR_INVALID for a directory that HCL could not quote. */
int server_config_write(const struct server_config *c, struct buf *out,
                        struct error *err) MUST_USE;

#endif
