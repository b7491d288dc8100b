/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/after_login.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* A handle of the leader with this credential; NULL if it does not get in. */
static struct vault *try_own(const struct after *a, struct vault *credential,
                             struct error *err)
{
    struct vault *v = NULL;

    vault_forget_login(credential);
    if (vault_at(credential, vault_address(a->leader), &v, err) == 0 &&
        vault_try_login(v, err) == 0)
        return v;
    vault_free(v);
    return NULL;
}

/* A login of its own: what the other cluster is asked with stays as it is. */
static struct vault *try_others(const struct after *a, struct vault *credential,
                                struct error *err)
{
    const struct vault_place place = {.address = vault_address(a->leader),
                                      .ca_file =
                                          vault_ca_file(a->target->vault)};
    struct vault *v = NULL;

    if (vault_like(credential, &place, &v, err) == 0 &&
        vault_try_login(v, err) == 0)
        return v;
    vault_free(v);
    return NULL;
}

int after_login(struct after *a, struct error *err)
{
    const struct jobs_settings *s = a->job->settings;
    const struct jobs_settings_cluster *target =
        jobs_settings_cluster(s, a->job->run.target);
    const struct jobs_settings_cluster *source =
        jobs_settings_cluster(s, a->target->row->cluster);
    struct error ignored = {0};

    vault_free(a->login);
    a->login_text[0] = '\0';
    a->login = try_own(a, a->target->vault, err);
    if (a->login != NULL)
        return 0;
    if (source != NULL && source != target) {
        a->login = try_others(a, source->vault, &ignored);
        (void)snprintf(a->login_text, sizeof(a->login_text),
                       "with the credential for %s, whose data it is now",
                       source->name);
    }
    if (a->login == NULL) {
        (void)text_copy(a->login_text, sizeof(a->login_text), err->text);
        return -1;
    }
    error_clear(err);
    return 0;
}
