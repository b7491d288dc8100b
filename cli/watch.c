/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "vault/vault.h"

enum { PERIOD_S = 30, CLUSTERS_MAX = 64 };

struct watched {
    struct watch_cluster cluster;
    bool checked; /* the credential is known to be fine */
    bool failing; /* the last attempt failed: said once */
};

struct watch {
    pthread_mutex_t lock; /* of `stopping` */
    pthread_cond_t changed;
    bool stopping;
    pthread_t thread;
    void (*refused)(void);
    size_t count;
    struct watched clusters[CLUSTERS_MAX];
};

int watch_credential(const struct watch_cluster *cluster, struct error *err)
{
    return cluster->allow_root ? 0 : vault_keep_login(cluster->vault, err);
}

static void look(struct watch *w, struct watched *c)
{
    struct error err = {0};
    int rc = vault_keep_login(c->cluster.vault, &err);

    if (rc == 0) {
        c->checked = true;
        if (c->failing)
            log_info("cluster %s: logged in again", c->cluster.name);
        c->failing = false;
        return;
    }
    if (!c->failing)
        log_error("cluster %s: %s", c->cluster.name, err.text);
    c->failing = true;
    if (err.kind == ERR_DENIED && !c->checked)
        w->refused();
}

static bool wait_for_next(struct watch *w)
{
    struct timespec until;
    bool stopping = false;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PERIOD_S;
    pthread_mutex_lock(&w->lock);
    while (!w->stopping &&
           pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
        ;
    stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    return !stopping;
}

static void *run(void *arg)
{
    struct watch *w = arg;

    do {
        for (size_t i = 0; i < w->count; i++)
            look(w, &w->clusters[i]);
    } while (wait_for_next(w));
    return NULL;
}

int watch_start(const struct watch_cluster *clusters, size_t count,
                void (*refused)(void), struct watch **out, struct error *err)
{
    struct watch *w = calloc(1, sizeof(*w));
    pthread_condattr_t attr;

    if (w == NULL)
        return error_memory(err);
    w->refused = refused;
    w->count = count < CLUSTERS_MAX ? count : CLUSTERS_MAX;
    for (size_t i = 0; i < w->count; i++)
        w->clusters[i].cluster = clusters[i];
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        (void)pthread_cond_destroy(&w->changed);
        (void)pthread_mutex_destroy(&w->lock);
        free(w);
        return error_set(err, ERR_INTERNAL, "cannot start a thread");
    }
    *out = w;
    return 0;
}

void watch_stop(struct watch *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    (void)pthread_cond_destroy(&w->changed);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}
