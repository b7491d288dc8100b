/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose credential the restored data knows. */
#ifndef ASSAY_JOBS_AFTER_LOGIN_H
#define ASSAY_JOBS_AFTER_LOGIN_H

#include "base/error.h"
#include "jobs/after.h"

/* Log in to what the cluster holds now: with the credential that backs it up,
 * or, for another cluster's snapshot, with the
 * one that Assay has for that cluster, whose roles are in it now.  a->login
 * is then a handle of the leader.  -1: none of them; `err` is what was said
 * to the first. */
int after_login(struct after *a, struct error *err) MUST_USE;

#endif
