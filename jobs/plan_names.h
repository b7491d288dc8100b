/* SPDX-License-Identifier: Apache-2.0
 *
 * What people call the places that keys are named after: "secret/" and not
 * "logical/<uuid>".  Asked of the target, where a policy may refuse.  Private
 * to jobs/. */
#ifndef ASSAY_JOBS_PLAN_NAMES_H
#define ASSAY_JOBS_PLAN_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "jobs/plan_loss.h"

struct json;
struct vault;

/* To be zeroed; what could not be had is NULL. */
struct plan_names {
    struct json *mounts;     /* sys/mounts */
    struct json *methods;    /* sys/auth */
    struct json *namespaces; /* OpenBao's, those of the root */
    bool refused;            /* one of the first two, by our policy */
};

void plan_names_load(struct plan_names *n, struct vault *leader);
void plan_names_done(struct plan_names *n);
/* Printable, whatever the key was. */
void plan_names_text(const struct plan_names *n,
                     const struct plan_loss_group *group, char *out,
                     size_t size);
/* "secret/, pki/": the engines that a person made. */
void plan_names_engines(const struct plan_names *n, char *out, size_t size);

#endif
