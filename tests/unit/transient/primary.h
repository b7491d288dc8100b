/* SPDX-License-Identifier: Apache-2.0
 *
 * A real cluster of one node with a little data in it, for tests.  Any step
 * that fails ends the test program; the server does not outlive it. */
#ifndef ASSAY_TESTS_PRIMARY_H
#define ASSAY_TESTS_PRIMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/stream.h"
#include "vault/vault.h"

enum { PRIMARY_SHARES = 3, PRIMARY_THRESHOLD = 2 };

struct primary_options {
    const char *server; /* the program */
    unsigned shares;    /* 0: PRIMARY_SHARES and PRIMARY_THRESHOLD */
    unsigned threshold;
    const char *audit_file; /* NULL: no such device */
    unsigned audit_port;    /* 0: no socket device */
    bool audit_syslog;      /* needs a /dev/log */
    bool batch_tokens;
    bool never_logged_in; /* the AppRole, before the first snapshot */
    /* Directories that go with the cluster, however that ends; or NULL. */
    const char *clean[2];
};

struct primary {
    pid_t pid;
    char dir[64];
    const char *clean[2];
    char product[16];
    char version[64];
    char cluster_id[64];
    struct vault *root;
    char *share[16];
    char *server;
    char *token; /* root's */
    char *role_id;
    char *secret_id;
};

void primary_start(struct primary *p, const struct primary_options *o);
void primary_stop(struct primary *p);
/* POST that must succeed. */
void primary_write(struct primary *p, const char *path, const char *body);
/* Wrap something for two seconds, by the server's own CLI. */
void primary_wrap(struct primary *p);
/* Take a snapshot into memory, malloc'd. */
char *primary_snapshot(struct primary *p, size_t *len);

/* A source over bytes in memory. */
struct memory_source {
    const char *data;
    size_t len;
    size_t at;
};
struct source memory_source_of(struct memory_source *m);

#endif
