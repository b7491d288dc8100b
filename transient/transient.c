/* SPDX-License-Identifier: Apache-2.0
 *
 * The handle: owns the options and a driver's state. */
#include "transient/transient.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "transient/driver.h"

enum { LEFTOVERS_MAX = 16 * 1024, START_TIMEOUT_MS = 30 * 1000 };

static const struct transient_driver *const drivers[] = {
    &transient_process_driver,
    &transient_terraform_driver,
    &transient_command_driver,
    &transient_existing_driver,
};

struct transient {
    const struct transient_driver *driver;
    void *state;
    struct transient_options o; /* strings are ours, below */
    char *strings[8];
    size_t string_count;
    char *leftovers;
    bool not_contained; /* refused before the driver was asked */
};

static const char *const outcome_names[] = {
    [TRANSIENT_OK] = "ok",
    [TRANSIENT_REFUSED] = "refused",
    [TRANSIENT_NOT_ACTIVE] = "not_active",
    [TRANSIENT_NO_SERVER] = "no_server",
    [TRANSIENT_OLD_SERVER] = "old_server",
    [TRANSIENT_NO_ISOLATION] = "no_isolation",
    [TRANSIENT_KEYS] = "keys",
    [TRANSIENT_LOGIN] = "login",
    [TRANSIENT_NOT_CONTAINED] = "not_contained",
    [TRANSIENT_UNUSABLE] = "unusable",
    [TRANSIENT_LIMIT] = "limit",
    [TRANSIENT_BROKEN] = "broken",
    [TRANSIENT_CANCELLED] = "cancelled",
};

const char *transient_outcome_text(enum transient_outcome outcome)
{
    return outcome_names[outcome];
}

bool transient_outcome_is_answer(enum transient_outcome outcome)
{
    return outcome == TRANSIENT_OK || outcome == TRANSIENT_REFUSED ||
           outcome == TRANSIENT_NOT_ACTIVE;
}

static const struct transient_driver *find_driver(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    }
    return NULL;
}

/* Keep a copy for as long as the handle lives; NULL stays NULL. */
static int keep(struct transient *t, const char **text)
{
    char *copy;

    if (*text == NULL)
        return 0;
    copy = text_dup(*text);
    if (copy == NULL)
        return -1;
    assert(t->string_count < sizeof t->strings / sizeof t->strings[0]);
    t->strings[t->string_count++] = copy;
    *text = copy;
    return 0;
}

static int keep_options(struct transient *t, const struct transient_options *o,
                        struct error *err)
{
    t->o = *o;
    if (t->o.driver == NULL)
        t->o.driver = "process";
    if (t->o.start_timeout_ms == 0)
        t->o.start_timeout_ms = START_TIMEOUT_MS;
    if (keep(t, &t->o.driver) != 0 || keep(t, &t->o.product) != 0 ||
        keep(t, &t->o.version) != 0 || keep(t, &t->o.server) != 0 ||
        keep(t, &t->o.base_dir) != 0 || keep(t, &t->o.helper) != 0 ||
        keep(t, &t->o.cluster_id) != 0 || keep(t, &t->o.seal_type) != 0)
        return error_memory(err);
    return 0;
}

static int write_leftovers(struct transient *t, struct error *err)
{
    struct jsonw w;
    struct buf out;

    buf_init(&out, LEFTOVERS_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "driver", t->driver->name);
    t->driver->leftovers(t->state, &w);
    jsonw_end_object(&w);
    t->leftovers = buf_take(&out);
    buf_done(&out);
    return t->leftovers == NULL ? error_memory(err) : 0;
}

int transient_new(const struct transient_options *o, struct transient **out,
                  struct error *err)
{
    struct transient *t;
    int rc = -1;

    assert(o->base_dir != NULL && o->product != NULL);
    t = calloc(1, sizeof *t);
    if (t == NULL)
        return error_memory(err);
    if (keep_options(t, o, err) != 0)
        goto done;
    if (transient_drivers_check(t->o.driver, t->o.drivers, err) != 0)
        goto done;
    t->driver = find_driver(t->o.driver);
    assert(t->driver != NULL);
    if (t->driver->open(&t->o, &t->state, err) != 0 ||
        write_leftovers(t, err) != 0)
        goto done;
    *out = t;
    t = NULL;
    rc = 0;
done:
    transient_free(t);
    return rc;
}

const char *transient_leftovers(const struct transient *t)
{
    return t->leftovers;
}

bool transient_can_restart(const struct transient *t)
{
    return t->driver->restart != NULL;
}

/* The sandbox of our own process is seen to; anything else is believed, if
 * somebody says so. */
static bool is_contained(const struct transient *t)
{
    return transient_can_restart(t) || t->o.drivers->egress_blocked;
}

int transient_up(struct transient *t, struct error *err)
{
    if (!is_contained(t)) {
        t->not_contained = true;
        return error_set(err, ERR_PRECONDITION,
                         "the restored copy would act on production systems "
                         "(it revokes leases and rotates credentials), and "
                         "nobody says that what the driver \"%s\" raises "
                         "cannot reach them: block its way out, then set "
                         "transient.egress_blocked to true",
                         t->driver->name);
    }
    return t->driver->up(t->state, err);
}

int transient_restart(struct transient *t, struct error *err)
{
    assert(t->driver->restart != NULL);
    return t->driver->restart(t->state, err);
}

int transient_fill(struct transient *t, struct error *err)
{
    return t->driver->fill == NULL ? 0 : t->driver->fill(t->state, err);
}

void transient_facts_get(const struct transient *t, struct transient_facts *out)
{
    memset(out, 0, sizeof *out);
    t->driver->facts(t->state, out);
}

const struct transient_options *transient_options_of(const struct transient *t)
{
    return &t->o;
}

static struct transient_facts facts(const struct transient *t)
{
    struct transient_facts f;

    transient_facts_get(t, &f);
    return f;
}

enum transient_outcome transient_outcome(const struct transient *t)
{
    return t->not_contained ? TRANSIENT_NOT_CONTAINED : facts(t).outcome;
}

const char *transient_address(const struct transient *t)
{
    return facts(t).address;
}

const char *transient_server_version(const struct transient *t)
{
    return facts(t).server_version;
}

const char *transient_dir(const struct transient *t)
{
    return facts(t).dir;
}

const char *transient_log_path(const struct transient *t)
{
    return facts(t).log_path;
}

int transient_check(struct transient *t, struct error *err)
{
    if (t->driver->check == NULL)
        return 0;
    return t->driver->check(t->state, err);
}

void transient_explain(struct transient *t, struct error *err)
{
    struct error why;

    if (err->kind != ERR_CANCELLED && transient_address(t) != NULL &&
        transient_check(t, &why) != 0)
        *err = why;
}

int transient_wait_restored(struct transient *t, int64_t timeout_ms,
                            struct error *err)
{
    if (t->driver->wait_restored == NULL)
        return 0;
    return t->driver->wait_restored(t->state, timeout_ms, err);
}

void transient_last_words(struct transient *t, char *out, size_t size)
{
    out[0] = '\0';
    if (t->driver->last_words != NULL)
        t->driver->last_words(t->state, out, size);
}

const struct cancel *transient_cancel(const struct transient *t)
{
    return t->o.cancel;
}

void transient_phase(const struct transient *t, const char *name)
{
    if (t->o.events.phase != NULL)
        t->o.events.phase(t->o.events.ctx, name);
}

bool transient_needs_keys(const struct transient *t)
{
    return t->driver->down_needs_keys;
}

int transient_down(struct transient *t, struct error *err)
{
    return t->driver->down(t->state, err);
}

bool transient_gone(const struct transient *t)
{
    return t->driver->gone(t->state);
}

void transient_free(struct transient *t)
{
    size_t i;

    if (t == NULL)
        return;
    if (t->state != NULL) {
        assert(t->driver != NULL);
        if (!t->driver->gone(t->state) &&
            t->driver->down(t->state, NULL) != 0) {
            /* Nothing more to be done here: the leftovers are in the
             * catalog, and transient_recover tries again. */
        }
        t->driver->close(t->state);
    }
    for (i = 0; i < t->string_count; i++)
        free(t->strings[i]);
    free(t->leftovers);
    free(t);
}

bool transient_recover_needs_keys(const char *leftovers)
{
    const struct transient_driver *driver = NULL;
    struct json *root = NULL;

    if (json_parse(leftovers, strlen(leftovers), &root, NULL) == 0)
        driver = find_driver(json_get_text(root, "driver", ""));
    json_free(root);
    return driver != NULL && driver->down_needs_keys;
}

int transient_recover(const char *leftovers, const struct transient_options *o,
                      struct error *err)
{
    static const struct transient_options nothing;
    const struct transient_driver *driver;
    struct json *root = NULL;
    int rc = -1;

    if (json_parse(leftovers, strlen(leftovers), &root, err) != 0)
        return error_prefix(err, "the leftovers of a transient cluster");
    driver = find_driver(json_get_text(root, "driver", ""));
    if (driver == NULL)
        error_set(err, ERR_INVALID,
                  "the leftovers of a transient cluster name no driver that "
                  "is known here");
    else
        rc = driver->recover(root, o != NULL ? o : &nothing, err);
    json_free(root);
    return rc;
}
