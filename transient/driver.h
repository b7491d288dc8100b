/* SPDX-License-Identifier: Apache-2.0
 *
 * What a driver of transient clusters must do.  Private to transient/.
 *
 * A driver owns whatever it brings up, and must be able to take it down from
 * nothing but the text it gave before: `leftovers` is written by open, before
 * anything exists, and `recover` reads it in another process after a crash.
 * It must therefore identify what it made by something that cannot be taken
 * for somebody else's later (never by a bare process id).
 *
 * `down` returns 0 only when it has looked and found nothing; it is called
 * after any failure, more than once, and on a driver that never came up.
 *
 * A driver with `restart` runs a server of its own, whose data survives it:
 * the flow initialises that with one share and starts it again once the data
 * is in.  Without, the server belongs to somebody else, and nothing about it
 * is taken for granted: it is looked at before anything is sent to it,
 * initialised with the snapshot's own shares if it is not yet, and waited
 * for.
 *
 * A new driver is its own file and a line in transient.c's table. */
#ifndef ASSAY_TRANSIENT_DRIVER_H
#define ASSAY_TRANSIENT_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "transient/transient.h"

/* What a driver tells its handle; owned by the driver's state. */
struct transient_facts {
    enum transient_outcome outcome; /* of the last call that failed */
    const char *address;
    const char *server_version;
    const char *dir;
    const char *log_path; /* NULL: none, or not yet */
    /* Of a server that is not our own process: */
    const char *ca_file;      /* PEM; NULL: the system's CAs */
    const char *namespace;    /* of our login; NULL: the primary's */
    const char *init_token;   /* NULL: it is for us to initialise it */
    bool unsealed;            /* it does that by itself */
    const char *egress_probe; /* "blocked", "open" or NULL */
};

struct transient_driver {
    const char *name;
    bool down_needs_keys; /* options.keys must live until it is down */
    int (*open)(const struct transient_options *o, void **state,
                struct error *err);
    void (*facts)(const void *state, struct transient_facts *out);
    void (*leftovers)(const void *state, struct jsonw *w);
    int (*up)(void *state, struct error *err);
    int (*restart)(void *state, struct error *err); /* NULL: see above */
    /* From here on production's data is in it.  NULL: no matter. */
    int (*fill)(void *state, struct error *err);
    /* 0 while it lives; -1 once it ended: ERR_PRECONDITION if by itself,
     * another kind if somebody ended it.  NULL: cannot tell. */
    int (*check)(void *state, struct error *err);
    /* Wait until the data of an accepted upload is in.  1: it is; 0: this
     * driver cannot see it, or not within the time: wait for the server to
     * answer instead; -1: the server failed.  NULL: it never can. */
    int (*wait_restored)(void *state, int64_t timeout_ms, struct error *err);
    /* The server's own last words about an error, for a message; "" if it
     * has none.  NULL: unknown. */
    void (*last_words)(void *state, char *out, size_t size);
    int (*down)(void *state, struct error *err);
    bool (*gone)(const void *state);
    void (*close)(void *state); /* after down */
    /* `o` as far as transient_recover was given it; never NULL. */
    int (*recover)(const struct json *leftovers,
                   const struct transient_options *o, struct error *err);
};

extern const struct transient_driver transient_process_driver;
extern const struct transient_driver transient_terraform_driver;
extern const struct transient_driver transient_command_driver;
extern const struct transient_driver transient_existing_driver;

/* For the flow in restore.c. */
void transient_facts_get(const struct transient *t,
                         struct transient_facts *out);
const struct transient_options *transient_options_of(const struct transient *t);
bool transient_can_restart(const struct transient *t);
int transient_fill(struct transient *t, struct error *err) MUST_USE;
int transient_check(struct transient *t, struct error *err) MUST_USE;
int transient_wait_restored(struct transient *t, int64_t timeout_ms,
                            struct error *err) MUST_USE;
void transient_last_words(struct transient *t, char *out, size_t size);
const struct cancel *transient_cancel(const struct transient *t);
void transient_phase(const struct transient *t, const char *name);

#endif
