/* SPDX-License-Identifier: Apache-2.0
 *
 * Driver `existing`: a standing scratch cluster.
 *
 * It cannot be destroyed, so "down" means that production's data is out of it
 * again: what was in it before is kept, as a snapshot, and put back.  Forcing
 * that onto the restored copy needs somebody who may do so there: whoever logs
 * in to it, or a root token made from its key shares where that is allowed.
 *
 *   <dir>/before.snap   what the scratch cluster held
 *   <dir>/before.id     its cluster id
 *   <dir>/filled        an archive may have been sent to it */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "transient/driver.h"
#include "transient/driver_dir.h"
#include "transient/existing_guard.h"
#include "transient/foreign.h"
#include "transient/handed.h"
#include "transient/kept.h"
#include "transient/login.h"

enum {
    ID_MAX = 128,
    /* A force that was accepted is applied within six seconds. */
    APPLIED_MS = 10 * 1000,
    ANSWER_TIMEOUT_MS = 60 * 1000,
    RESTORE_TIMEOUT_MS = 10 * 60 * 1000,
};

struct existing_transient {
    const struct transient_options *o;
    const struct transient_existing *settings;
    struct driver_dir dir;
    char *token; /* secret; of the scratch cluster */
    char *before;
    char *before_id;
    char *filled;
    char cluster_id[ID_MAX]; /* the scratch cluster's own */
    enum transient_outcome outcome;
    bool up;
    bool gone;
};

static void existing_close(void *state)
{
    struct existing_transient *x = state;

    if (x == NULL)
        return;
    secret_free(x->token);
    free(x->before);
    free(x->before_id);
    free(x->filled);
    driver_dir_done(&x->dir);
    free(x);
}

static int name_files(struct existing_transient *x, struct error *err)
{
    x->before = driver_dir_file(&x->dir, "before.snap");
    x->before_id = driver_dir_file(&x->dir, "before.id");
    x->filled = driver_dir_file(&x->dir, "filled");
    return x->before == NULL || x->before_id == NULL || x->filled == NULL
               ? error_memory(err)
               : 0;
}

static int existing_open(const struct transient_options *o, void **state,
                         struct error *err)
{
    struct existing_transient *x = calloc(1, sizeof *x);

    if (x == NULL)
        return error_memory(err);
    x->o = o;
    x->settings = &o->drivers->existing;
    x->gone = true;
    if (driver_dir_choose(o->base_dir, &x->dir, err) != 0 ||
        name_files(x, err) != 0) {
        existing_close(x);
        return -1;
    }
    *state = x;
    return 0;
}

static void existing_facts(const void *state, struct transient_facts *out)
{
    const struct existing_transient *x = state;

    out->outcome = x->outcome;
    out->address = x->up ? x->settings->address : NULL;
    out->server_version = "";
    out->dir = x->dir.path;
    out->ca_file = x->settings->ca_cert_file;
    out->init_token = x->token;
    out->unsealed = true;
}

static struct transient_facts place(const struct existing_transient *x)
{
    return (struct transient_facts){.address = x->settings->address,
                                    .ca_file = x->settings->ca_cert_file};
}

static void existing_leftovers(const void *state, struct jsonw *w)
{
    const struct existing_transient *x = state;

    driver_dir_leftovers(&x->dir, w);
    jsonw_text(w, "address", x->settings->address);
}

static int read_own_keys(const struct existing_transient *x, struct keys **out,
                         struct error *err)
{
    const char *const *files = x->settings->key_files;
    struct keys *keys = keys_new();

    if (keys == NULL)
        return error_memory(err);
    for (size_t i = 0; files != NULL && files[i] != NULL; i++) {
        if (keys_add_file(keys, files[i], err) != 0) {
            keys_free(keys);
            return error_prefix(err, "transient.existing.key_files");
        }
    }
    *out = keys;
    return 0;
}

/* What is put back must open again. */
static int check_own_keys(const struct existing_transient *x,
                          const struct vault_status *status, struct error *err)
{
    struct keys *keys = NULL;
    size_t count;

    if (read_own_keys(x, &keys, err) != 0)
        return -1;
    count = keys_count(keys);
    keys_free(keys);
    if (strcmp(status->seal_type, "shamir") == 0 && count < status->threshold)
        return error_set(err, ERR_PRECONDITION,
                         "the scratch cluster could not be put back as it "
                         "was: its seal wants %u key shares, and "
                         "transient.existing.key_files hold %zu",
                         status->threshold, count);
    return 0;
}

static int keep_before(struct existing_transient *x, struct vault *scratch,
                       struct error *err)
{
    if (kept_take(scratch, x->before, x->o, err) != 0)
        return error_prefix(err, "keeping what the scratch cluster holds");
    return file_replace(x->before_id, x->cluster_id, strlen(x->cluster_id),
                        0600, err);
}

static int begin(struct existing_transient *x, struct error *err)
{
    const struct transient_facts where = place(x);
    struct vault *scratch = NULL;
    struct vault_status status;
    int rc = -1;

    if (handed_check_address(x->settings->address, err) != 0)
        return error_prefix(err, "transient.existing.address");
    if (x->settings->token_file == NULL)
        return error_set(err, ERR_INVALID,
                         "set transient.existing.token_file: a token that may "
                         "force a snapshot onto the scratch cluster");
    if (secret_read_file(x->settings->token_file, &x->token, err) != 0)
        return error_prefix(err, "transient.existing.token_file");
    if (login_with_token(&where, x->token, &scratch, err) != 0 ||
        existing_guard(scratch, x->o, &status, err) != 0 ||
        check_own_keys(x, &status, err) != 0 ||
        existing_may_return(scratch, x->o, err) != 0)
        goto done;
    (void)text_copy(x->cluster_id, sizeof x->cluster_id, status.cluster_id);
    rc = keep_before(x, scratch, err);
done:
    vault_free(scratch);
    return rc;
}

static int existing_up(void *state, struct error *err)
{
    struct existing_transient *x = state;
    struct error why = {0};

    x->outcome = TRANSIENT_UNUSABLE;
    if (driver_dir_make(&x->dir, &why) != 0) {
        x->outcome = TRANSIENT_BROKEN;
    } else {
        x->gone = false;
        if (begin(x, &why) == 0) {
            x->outcome = TRANSIENT_OK;
            x->up = true;
            return 0;
        }
    }
    if (why.kind == ERR_CANCELLED)
        x->outcome = TRANSIENT_CANCELLED;
    if (err != NULL)
        *err = why;
    return -1;
}

static int existing_fill(void *state, struct error *err)
{
    struct existing_transient *x = state;

    return file_replace(x->filled, "", 0, 0600, err);
}

/* Not before an archive that was sent just now has been applied, or never
 * will be. */
static void let_it_settle(const struct existing_transient *x)
{
    struct stat st;
    int64_t age_ms;

    if (stat(x->filled, &st) != 0)
        return;
    age_ms = clock_now_ms() - (int64_t)st.st_mtim.tv_sec * 1000;
    if (age_ms >= 0 && age_ms < APPLIED_MS)
        clock_sleep_ms(APPLIED_MS - age_ms);
}

static bool is_before(const struct existing_transient *x,
                      const struct vault_status *status)
{
    return status->initialized && !status->sealed && status->health == 200 &&
           strcmp(status->cluster_id, x->cluster_id) == 0;
}

/* It opens with its own keys, or with production's.  Either way it is
 * unsealed then. */
static int open_seal(const struct existing_transient *x, struct vault *nobody,
                     struct error *err)
{
    struct keys *own = NULL;
    int rc = read_own_keys(x, &own, err);

    if (rc == 0)
        rc = foreign_unseal(nobody, own, err);
    keys_free(own);
    if (rc == 0 || keys_count(x->o->keys) == 0)
        return rc;
    return foreign_unseal(nobody, x->o->keys, err);
}

static int look(struct vault *nobody, struct vault_status *status,
                struct error *err)
{
    const struct vault_wait wait = {.timeout_ms = ANSWER_TIMEOUT_MS};

    return vault_wait_ready(nobody, VAULT_UNTIL_ANSWERS, &wait, status, err);
}

static int make_active(const struct existing_transient *x, struct vault *nobody,
                       struct vault_status *status, struct error *err)
{
    const struct vault_wait wait = {.timeout_ms = ANSWER_TIMEOUT_MS};

    if (look(nobody, status, err) != 0)
        return -1;
    if (status->sealed && strcmp(status->seal_type, "shamir") == 0 &&
        open_seal(x, nobody, err) != 0)
        return -1;
    return vault_wait_ready(nobody, VAULT_UNTIL_ACTIVE, &wait, status, err);
}

/* As whoever logs in to the copy; where that may not, as root if that is
 * allowed. */
static int force_somehow(const struct existing_transient *x, struct error *err)
{
    const struct transient_facts where = place(x);
    const struct login_options who = {
        .auth = x->o->drivers->auth, .primary = x->o->primary, .facts = &where};
    struct vault *copy = NULL;
    struct error root = {0};
    struct error ours = {0};
    int rc = -1;

    if (who.auth == NULL && who.primary == NULL)
        error_set(&ours, ERR_PRECONDITION,
                  "nobody is configured who could log in to it");
    else if (login_client(&who, &copy, &ours) == 0)
        rc = kept_force(x->before, copy, &ours);
    vault_free(copy);
    copy = NULL;
    if (rc != 0 && x->o->drivers->allow_generate_root) {
        if (login_as_root(&where, x->o->keys, &copy, &root) == 0)
            rc = kept_force(x->before, copy, &root);
        vault_free(copy);
        if (rc != 0)
            error_prefix(&ours, "not as root (%.150s), nor as ourselves",
                         root.text);
    }
    if (rc != 0 && err != NULL)
        *err = ours;
    return rc;
}

static int put_back(const struct existing_transient *x, struct vault *nobody,
                    struct error *err)
{
    struct vault_status status;
    struct foreign_data data = {
        .before = status.cluster_id,
        .after = x->cluster_id,
        .wait = {.timeout_ms = RESTORE_TIMEOUT_MS},
    };

    if (make_active(x, nobody, &status, err) != 0)
        return -1;
    if (is_before(x, &status))
        return 0;
    if (force_somehow(x, err) != 0 ||
        foreign_wait_data(nobody, &data, err) != 0 ||
        make_active(x, nobody, &status, err) != 0)
        return -1;
    if (is_before(x, &status))
        return 0;
    return error_set(err, ERR_UPSTREAM,
                     "it says that it is cluster %s after cluster %s was put "
                     "back",
                     status.cluster_id, x->cluster_id);
}

/* Whoever lost production may have made the copy of it the new one. */
static bool is_promoted(const struct existing_transient *x,
                        const struct vault_status *status, struct error *err)
{
    if (existing_guard_return(status, x->settings->address, x->o, err) == 0)
        return false;
    error_prefix(err,
                 "%s is not put back (if that is right, remove its directory)",
                 x->before);
    return true;
}

/* -1: it still holds production's data; -2: that is as it should be. */
static int empty_it(const struct existing_transient *x, struct error *err)
{
    const struct transient_facts where = place(x);
    struct vault *nobody = NULL;
    struct vault_status status;
    int rc = -1;

    if (login_with_token(&where, NULL, &nobody, err) != 0 ||
        look(nobody, &status, err) != 0)
        goto done;
    rc = is_promoted(x, &status, err) ? -2 : put_back(x, nobody, err);
done:
    vault_free(nobody);
    return rc;
}

static int existing_down(void *state, struct error *err)
{
    struct existing_transient *x = state;
    int rc = 0;

    x->up = false;
    if (!x->gone && file_exists(x->filled)) {
        let_it_settle(x);
        rc = empty_it(x, err);
        if (rc == -1)
            error_prefix(err,
                         "the scratch cluster at %s still holds production's "
                         "data; put %s back, or wipe it",
                         x->settings->address, x->before);
    }
    if (rc == 0)
        rc = driver_dir_remove(&x->dir, err);
    x->gone = rc == 0;
    return rc == 0 ? 0 : -1;
}

static bool existing_gone(const void *state)
{
    const struct existing_transient *x = state;

    return x->gone;
}

static int recall(struct existing_transient *x, const struct json *leftovers,
                  struct error *err)
{
    const char *address = json_get_text(leftovers, "address", "");
    struct buf id;
    int rc = -1;

    if (driver_dir_recall(leftovers, &x->dir, err) != 0 ||
        name_files(x, err) != 0)
        return -1;
    if (!file_exists(x->filled))
        return 0; /* nothing was ever sent there */
    if (transient_drivers_check("existing", x->o->drivers, err) != 0)
        return error_prefix(err, "the scratch cluster at %s", address);
    x->settings = &x->o->drivers->existing;
    if (strcmp(x->settings->address, address) != 0)
        return error_set(err, ERR_PRECONDITION,
                         "the scratch cluster at %s still holds production's "
                         "data, and another is configured now: wipe it, and "
                         "remove %s",
                         address, x->dir.path);
    buf_init(&id, ID_MAX);
    if (file_read(x->before_id, &id, err) == 0) {
        (void)text_copy(x->cluster_id, sizeof x->cluster_id, buf_text(&id));
        rc = 0;
    }
    buf_done(&id);
    return rc;
}

static int existing_recover(const struct json *leftovers,
                            const struct transient_options *o,
                            struct error *err)
{
    static const struct transient_existing none;
    struct existing_transient *x = calloc(1, sizeof *x);
    int rc = -1;

    if (x == NULL)
        return error_memory(err);
    x->o = o;
    x->settings = &none;
    if (recall(x, leftovers, err) == 0)
        rc = existing_down(x, err);
    existing_close(x);
    return rc;
}

const struct transient_driver transient_existing_driver = {
    .name = "existing",
    .down_needs_keys = true,
    .open = existing_open,
    .facts = existing_facts,
    .leftovers = existing_leftovers,
    .up = existing_up,
    .fill = existing_fill,
    .down = existing_down,
    .gone = existing_gone,
    .close = existing_close,
    .recover = existing_recover,
};
