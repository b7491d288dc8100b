/* SPDX-License-Identifier: Apache-2.0
 *
 * Throw-away clusters that a validation restores into.
 *
 * A transient cluster holds production secrets and acts on them (it revokes
 * leases, writes to the audit paths in the snapshot), so it runs where it can
 * do nothing, and is destroyed whatever happens.  In the order of its life:
 *
 *   transient_new         nothing exists yet but a name
 *   transient_leftovers   store this text BEFORE the next call: after a crash
 *                         of this process it is all that transient_recover
 *                         needs to kill and remove what is there
 *   transient_up          processes, directory, an address
 *   transient_restart     killed and started again with the same data
 *   transient_down        everything killed, removed, and seen to be gone
 *   transient_free        down first, if that was forgotten
 *
 * What differs between drivers is a table of functions (transient/driver.h);
 * one thread at a time per handle.  When this process dies, even by SIGKILL,
 * a `process` transient dies and removes its directory by itself;
 * transient_recover is for a machine or container that died as a whole. */
#ifndef ASSAY_TRANSIENT_TRANSIENT_H
#define ASSAY_TRANSIENT_TRANSIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"

/* What became of a transient cluster, beside the sentence in `err`: whether
 * the snapshot is to blame, or the question could not be asked. */
enum transient_outcome {
    TRANSIENT_OK,
    /* The snapshot's fault: */
    TRANSIENT_REFUSED,    /* the server would not take the archive */
    TRANSIENT_NOT_ACTIVE, /* took it, unsealed, never became active */
    /* The question could not be asked; `err` says what to do: */
    TRANSIENT_NO_SERVER,    /* no server program of that product */
    TRANSIENT_OLD_SERVER,   /* older than the snapshot's server */
    TRANSIENT_NO_ISOLATION, /* the system refuses namespaces */
    TRANSIENT_KEYS,         /* wrong key shares, or too few */
    TRANSIENT_LOGIN,        /* the restored cluster refused our credential */
    /* Neither: */
    TRANSIENT_BROKEN, /* the driver, the machine, a timeout before the data */
    TRANSIENT_CANCELLED,
};

/* "ok", "refused", "not_active", "no_server", … */
const char *transient_outcome_text(enum transient_outcome outcome);
/* REFUSED or NOT_ACTIVE: the answer is no. */
bool transient_outcome_is_answer(enum transient_outcome outcome);

/* Progress, reported by the thread that called.  Members may be NULL. */
struct transient_events {
    void (*phase)(void *ctx, const char *name); /* a static string */
    void *ctx;
};

struct transient_options {
    const char *driver;   /* NULL: "process" */
    const char *product;  /* "vault" or "openbao": the snapshot's own */
    const char *version;  /* the snapshot's server; NULL or "": not compared */
    const char *server;   /* the program; NULL or "": looked up on PATH */
    const char *base_dir; /* private directories are made below it */
    bool no_isolation;    /* configuration said "isolation": "off" */
    /* The program that becomes the sandbox when its first argument is
     * "__sandbox"; NULL: this very program. */
    const char *helper;
    int64_t start_timeout_ms; /* 0: 30 s, for a server to listen */
    struct transient_events events;
    const struct cancel *cancel; /* may be NULL; must outlive the handle */
};

struct transient;
struct vault;

/* Copies the options.  ERR_INVALID for a driver or product that is not in
 * the tables. */
int transient_new(const struct transient_options *o, struct transient **out,
                  struct error *err) MUST_USE;
/* JSON text, owned by the handle; holds no secret. */
const char *transient_leftovers(const struct transient *t);

/* Each blocks until done, cancelled or timed out, at most start_timeout_ms
 * (down: some seconds); after -1 transient_outcome() tells why. */
int transient_up(struct transient *t, struct error *err) MUST_USE;
int transient_restart(struct transient *t, struct error *err) MUST_USE;
enum transient_outcome transient_outcome(const struct transient *t);
/* Where it listens, "unix:///…/api.sock"; NULL while it is not up. */
const char *transient_address(const struct transient *t);
/* The version of the server program, once up; else "". */
const char *transient_server_version(const struct transient *t);
/* A directory of ours, mode 0700, that goes when the transient goes. */
const char *transient_dir(const struct transient *t);

/* 0 only when every process is known to be dead and the directory is known
 * to be gone; not cancellable; may be repeated after -1. */
int transient_down(struct transient *t, struct error *err) MUST_USE;
/* Looks, and changes nothing. */
bool transient_gone(const struct transient *t);
/* Accepts NULL. */
void transient_free(struct transient *t);

/* What transient_leftovers() said, possibly long ago and by another process:
 * kill and remove whatever of it is still there.  0 when it is gone, which
 * it usually was. */
int transient_recover(const char *leftovers, struct error *err) MUST_USE;

#endif
