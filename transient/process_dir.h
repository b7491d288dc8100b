/* SPDX-License-Identifier: Apache-2.0
 *
 * The private directory of one process transient.  Private to transient/.
 *
 *   <base>/t-<16 hex>/            0700; the name marks everything
 *                     root/       where the sandbox mounts its empty root
 *                     data/       what the server sees: configuration,
 *                                 socket, raft
 *                     server.log  its output */
#ifndef ASSAY_TRANSIENT_PROCESS_DIR_H
#define ASSAY_TRANSIENT_PROCESS_DIR_H

#include <stdbool.h>

#include "base/error.h"

#define PROCESS_DIR_PREFIX "t-"

enum {
    PROCESS_DIR_RANDOM = 8, /* bytes */
    PROCESS_DIR_NAME = sizeof PROCESS_DIR_PREFIX + 2 * PROCESS_DIR_RANDOM,
};

struct process_dir {
    char name[PROCESS_DIR_NAME];
    char *path;
    char *log_path;
    char *socket_path;
    char *address; /* unix://… */
};

/* Think of a name that nobody has, below `base` (made if need be), or, when
 * a socket path there would be too long for the kernel, below
 * $XDG_RUNTIME_DIR or /tmp.  Makes nothing but `base`. */
int process_dir_choose(const char *base, struct process_dir *out,
                       struct error *err) MUST_USE;
/* What its server is told. */
struct process_dir_server {
    const char *product;
    /* Choose ports that are free on this machine, and paths as the outside
     * sees them. */
    bool shared_network;
    bool generate_root;
    bool raw_storage;       /* with sys/raw: stored entries, decrypted */
    unsigned endpoint_port; /* taken by another address; 0: none is */
    const char *stanzas;    /* added as they are; secret */
};

/* Where a server with a network of its own listens, on 127.0.0.1. */
unsigned process_dir_api_port(unsigned endpoint_port);

/* Make it all, with the server's configuration. */
int process_dir_make(const struct process_dir *d,
                     const struct process_dir_server *server,
                     struct error *err) MUST_USE;
/* Does `path` end in a name as we make them, equal to `name`?  Before a
 * directory named by stored text is removed. */
bool process_dir_is_ours(const char *path, const char *name);
/* Frees the texts, leaves the directory.  Accepts a zeroed one. */
void process_dir_done(struct process_dir *d);

#endif
