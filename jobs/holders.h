/* SPDX-License-Identifier: Apache-2.0
 *
 * The shares that key holders have handed in for one archive, and what they
 * are tried on.  Private to jobs/.  In memory alone, shares in secret memory,
 * wiped when they are wrong, reset or taken.  One thread at a time. */
#ifndef ASSAY_JOBS_HOLDERS_H
#define ASSAY_JOBS_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "jobs/unseal.h"

struct holders;
struct keys;

/* Read `archive` to its end.  0 and *out NULL: there is nobody to ask, since
 * it is not sealed by shares, or has not got what they are tried on. */
int holders_new(const struct source *archive, const struct cancel *cancel,
                struct holders **out, struct error *err) MUST_USE;
/* Accepts NULL. */
void holders_free(struct holders *h);

/* Until when they are waited for; only told to others. */
void holders_set_deadline(struct holders *h, int64_t unix_ms);
/* ERR_TOO_MANY: too often. */
int holders_knock(struct holders *h, int64_t now_ms,
                  struct error *err) MUST_USE;
/* Take one share, and try them all once there are enough.  ERR_INVALID: it is
 * none, or they are wrong, and then all are forgotten. */
int holders_add(struct holders *h, const char *share,
                struct error *err) MUST_USE;
void holders_reset(struct holders *h);
/* There are enough, and they are right (or the archive is damaged, and that
 * is seen by the one who uses them). */
bool holders_done(const struct holders *h);
/* The shares of holders_done, handed over; else NULL. */
struct keys *holders_take(struct holders *h);
/* The same to look at: nobody changes them any more. */
const struct keys *holders_keys(const struct holders *h);
void holders_view(const struct holders *h, struct jobs_unseal_view *out);

#endif
