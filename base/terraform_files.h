/* SPDX-License-Identifier: Apache-2.0
 *
 * The files that Assay gives to Terraform, and the one it gets back.  `dir`
 * is the private directory. */
#ifndef ASSAY_BASE_TERRAFORM_FILES_H
#define ASSAY_BASE_TERRAFORM_FILES_H

#include "base/buf.h"
#include "base/error.h"
#include "base/program.h"

/* Of several overrides the last by name counts. */
#define TERRAFORM_OVERRIDE "zz_assay_override.tf.json"

/* `<dir>/<name>`, 0600. */
int terraform_put(const char *dir, const char *name, const struct buf *text,
                  struct error *err) MUST_USE;
/* `<dir>/vars.json`, for -var-file. */
int terraform_write_vars(const char *dir, const struct program_pairs *vars,
                         struct error *err) MUST_USE;
/* An override in the module that keeps the state in `<dir>/state.json`,
 * whatever backend (or cloud) the module names; of several overrides the
 * last by name counts. */
int terraform_write_override(const char *dir, const char *module,
                             struct error *err) MUST_USE;
/* After a destroy: no state, or one without resources. */
int terraform_check_state(const char *dir, struct error *err) MUST_USE;

#endif
