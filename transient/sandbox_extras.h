/* SPDX-License-Identifier: Apache-2.0
 *
 * What one sandbox gets beyond an empty room: the words behind the fixed
 * arguments of the sandbox command.  Private to transient/.
 *
 *   file:<path>           the file of that name is there too, by content
 *   license:<path>        the same, and VAULT_LICENSE_PATH says so
 *   memory:<bytes>        as much data as the server may have
 *   size:<bytes>          as large as one of its files may grow
 *   seconds:<n>           it is killed after that time
 *   endpoint:<host:port>  the one address outside that it reaches (relay.h)
 *   api:<port>            where the server will listen: what is sent to its
 *                         socket is forwarded there (forward.h)
 *   client:<address>      IPv4: what the server sees its callers come from */
#ifndef ASSAY_TRANSIENT_SANDBOX_EXTRAS_H
#define ASSAY_TRANSIENT_SANDBOX_EXTRAS_H

#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "transient/process_options.h"

enum { SANDBOX_FILES_MAX = PROCESS_FILES_MAX + 1 };

struct sandbox_file {
    const char *path; /* absolute */
    int fd;           /* -1: not open */
};

struct sandbox_extras {
    struct sandbox_file files[SANDBOX_FILES_MAX];
    unsigned files_count;
    const char *license;
    uint64_t memory;
    uint64_t size;
    uint64_t seconds;
    bool has_endpoint;
    struct transient_endpoint endpoint;
    unsigned api_port; /* 0: the server offers its socket itself */
    struct in_addr client;
    char variables[2][PATH_MAX + 32];
    char *env[5];
};

/* NULL-terminated words, borrowed. */
int sandbox_extras_parse(char **words, struct sandbox_extras *out,
                         struct error *err) MUST_USE;
/* Outside, where the files can be read. */
int sandbox_extras_open(struct sandbox_extras *x, struct error *err) MUST_USE;
/* Inside: what was opened, written into the new root, which is memory and
 * goes with the sandbox. */
int sandbox_extras_place(const struct sandbox_extras *x,
                         struct error *err) MUST_USE;

/* Last thing before the server: low priority, so that whoever else is on
 * this machine comes first, and the limits.  What a kernel refuses of the
 * former does not matter. */
int sandbox_extras_limit(const struct sandbox_extras *x,
                         struct error *err) MUST_USE;

/* Variables for the server, NULL-terminated; in `x`, until the next call. */
char **sandbox_extras_env(struct sandbox_extras *x);

#endif
