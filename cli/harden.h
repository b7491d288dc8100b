/* SPDX-License-Identifier: Apache-2.0
 *
 * What the daemon gives up when it has opened what it needs. */
#ifndef ASSAY_CLI_HARDEN_H
#define ASSAY_CLI_HARDEN_H

#include "base/error.h"
#include "config/config.h"
#include "handlers/handlers.h"

/* Start the process that makes sandboxes, then confine this one as the
 * configuration says; once, before there are threads.  What is in force is
 * logged, and `out` points to static texts.  -1: what is required cannot be
 * had, or a path of the configuration is not there. */
int harden_process(const struct config *config, struct handlers_hardening *out,
                   struct error *err) MUST_USE;
/* End that process. */
void harden_done(void);

#endif
