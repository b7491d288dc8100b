/* SPDX-License-Identifier: Apache-2.0
 *
 * Throw-away clusters that a validation restores into.
 *
 * A transient cluster holds production secrets and acts on them (it revokes
 * leases, writes to the audit paths in the snapshot), so it runs where it can
 * do nothing, and is destroyed whatever happens.  A driver that cannot see to
 * that itself is used only where somebody has said so (egress_blocked).  In
 * the order of its life:
 *
 *   transient_new         nothing exists yet but a name
 *   transient_leftovers   store this text BEFORE the next call: after a crash
 *                         of this process it is all that transient_recover
 *                         needs to kill and remove what is there
 *   transient_up          processes, directory, an address
 *   transient_restart     killed and started again with the same data; only
 *                         where the server is our own process
 *   transient_down        everything killed, removed, and seen to be gone
 *   transient_free        down first, if that was forgotten
 *
 * What differs between drivers is a table of functions (transient/driver.h);
 * one thread at a time per handle.  When this process dies, even by SIGKILL,
 * a `process` transient dies and removes its directory by itself; what the
 * other drivers raised lives on, until transient_recover. */
#ifndef ASSAY_TRANSIENT_TRANSIENT_H
#define ASSAY_TRANSIENT_TRANSIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "transient/options.h"

struct transient;

/* Copies the options.  ERR_INVALID for a driver or product that is not in
 * the tables. */
int transient_new(const struct transient_options *o, struct transient **out,
                  struct error *err) MUST_USE;
/* JSON text, owned by the handle; holds no secret. */
const char *transient_leftovers(const struct transient *t);

/* Each blocks until done, cancelled or timed out, at most start_timeout_ms
 * (or as long as an operator's program may take, twice); after -1
 * transient_outcome() tells why. */
int transient_up(struct transient *t, struct error *err) MUST_USE;
int transient_restart(struct transient *t, struct error *err) MUST_USE;
enum transient_outcome transient_outcome(const struct transient *t);
/* Where it listens, "unix:///…/api.sock"; NULL while it is not up. */
const char *transient_address(const struct transient *t);
/* Its log so far; NULL where there is none to read. */
const char *transient_log_path(const struct transient *t);
/* If the server ended by itself, `err` is replaced by how. */
void transient_explain(struct transient *t, struct error *err);
/* The version of the server program, once up; else "". */
const char *transient_server_version(const struct transient *t);
/* A directory of ours, mode 0700, that goes when the transient goes. */
const char *transient_dir(const struct transient *t);

/* Whether `keys` of the options must live until it is down, or only until
 * transient_restore is back. */
bool transient_needs_keys(const struct transient *t);
/* 0 only when all of it is known to be gone (`existing`: to hold nothing of
 * production's any more); not cancellable; may be repeated after -1. */
int transient_down(struct transient *t, struct error *err) MUST_USE;
/* Looks, and changes nothing. */
bool transient_gone(const struct transient *t);
/* Accepts NULL. */
void transient_free(struct transient *t);

/* Whether transient_recover wants the cluster's key shares for this text. */
bool transient_recover_needs_keys(const char *leftovers);
/* What transient_leftovers() said, possibly long ago and by another process:
 * kill and remove whatever of it is still there.  0 when it is gone, which
 * it usually was.  Of the options, `drivers`, `primary`, `keys` and
 * `clusters` count, as they are configured now; NULL: none of them. */
int transient_recover(const char *leftovers, const struct transient_options *o,
                      struct error *err) MUST_USE;

#endif
