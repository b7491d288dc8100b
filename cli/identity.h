/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom the daemon runs as: root reads the configuration, and becomes the user
 * that it names before anything else is opened. */
#ifndef ASSAY_CLI_IDENTITY_H
#define ASSAY_CLI_IDENTITY_H

#include "base/error.h"
#include "cli/settings.h"

/* As settings_load, once, before there are threads; and from then on this
 * process is `user`, where there is one and it was root.  The log is set up.
 * The configuration is read a second time by that user, as SIGHUP will read
 * it; that it cannot be is a warning.  -1 has been said, on standard error:
 * also that this user cannot write where it must. */
int identity_load(const struct settings_flags *flags,
                  struct config **out) MUST_USE;

#endif
