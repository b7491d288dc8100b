/* SPDX-License-Identifier: Apache-2.0
 *
 * What the target holds now, as an archive to read and then to forget: in a
 * file without a name, which is gone with its last descriptor, also after a
 * crash.  Private to jobs/. */
#ifndef ASSAY_JOBS_PLAN_COPY_H
#define ASSAY_JOBS_PLAN_COPY_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/stream.h"
#include "jobs/job.h"

/* Plain data; one thread. */
struct plan_copy {
    int fd;        /* -1: none */
    uint64_t room; /* bytes that it may have */
    uint64_t size; /* bytes that it has */
    int64_t took_ms;
    off_t at; /* of the source */
    struct job *job;
    uint64_t expected;
};

/* Take a snapshot of the cluster of `vault` into it, of about `expected`
 * bytes.  Most of the room that the file system of data_dir has is left to
 * others.  -1: with ERR_CANCELLED, or why there is none; plan_copy_done is
 * due all the same. */
int plan_copy_take(struct plan_copy *c, struct job *job, struct vault *vault,
                   uint64_t expected, struct error *err) MUST_USE;
/* From its first byte. */
struct source plan_copy_source(struct plan_copy *c);
void plan_copy_done(struct plan_copy *c);

#endif
