/* SPDX-License-Identifier: Apache-2.0
 *
 * A private copy of an operator's module directory, to run `terraform` in:
 * without the operator's state and what `init` left there, with the lock file
 * of provider versions.  Links are followed.  What stands beside the module,
 * and beside its parent, is there too, as links, so that "../modules/x" is
 * found. */
#ifndef ASSAY_BASE_MODULE_COPY_H
#define ASSAY_BASE_MODULE_COPY_H

#include "base/error.h"

/* Copy `from` below `to`, which exists; *module is where the copy is,
 * malloc'd.  ERR_TOO_LARGE for what cannot be a module. */
int module_copy(const char *from, const char *to, char **module,
                struct error *err) MUST_USE;

#endif
