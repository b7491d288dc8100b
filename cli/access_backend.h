/* SPDX-License-Identifier: Apache-2.0
 *
 * access/ asks, a cluster of vault/ answers. */
#ifndef ASSAY_CLI_ACCESS_BACKEND_H
#define ASSAY_CLI_ACCESS_BACKEND_H

#include "access/access.h"

struct vault;

/* Plain data; the pointers outlive the access handle. */
struct access_backend_source {
    struct vault *vault;
    const char *namespace; /* the configured one, never the caller's */
};

struct access_backend access_backend_of(struct access_backend_source *source);

#endif
