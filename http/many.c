/* SPDX-License-Identifier: Apache-2.0
 *
 * curl_multi_perform and curl_multi_poll over handles that are set up once:
 * of the ways to do it with libcurl this one was measured the fastest.
 *
 * Many connections are shared out among lanes, a thread each: libcurl and the
 * kernel work side by side, and one lock is held while the caller is asked
 * and told, once for all that a lane has to say. */
#include "http/many.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/slot.h"

enum {
    LOOK_MS = 1000,         /* how often cancel and timeouts are seen to */
    BURSTS_PER_SECOND = 10, /* of a rate limit */
    LANES = 2,              /* with one, libcurl is what takes the time */
    LANE_MIN = 16,          /* fewer connections do not need a thread */
};

struct many;

/* A thread's own, apart from `many`. */
struct lane {
    struct many *many;
    CURLM *multi;
    struct slot *slots;
    unsigned count, busy;
    struct slot **idle; /* the `count - busy` that are not */
    int64_t looked_at;
    pthread_t thread;
};

/* The lock guards what follows it, and the caller's functions. */
struct many {
    struct http_client *client;
    const struct http_many_options *o;
    struct lane lanes[LANES];
    unsigned count;

    pthread_mutex_t lock;
    pthread_cond_t answered; /* or over */
    unsigned busy;           /* requests under way, of all lanes */
    unsigned waiting;        /* lanes that were told to ask again */
    double allowance;        /* requests that may begin now */
    int64_t allowed_at;
    bool over;
    struct error error; /* ERR_NONE: all went well */
};

static int lane_init(struct lane *l, struct many *m, unsigned count,
                     struct error *err)
{
    l->many = m;
    l->multi = curl_multi_init();
    l->idle = calloc(count, sizeof *l->idle);
    l->slots = calloc(count, sizeof *l->slots);
    l->looked_at = clock_mono_ms();
    if (l->multi == NULL || l->slots == NULL || l->idle == NULL)
        return error_memory(err);
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)count);
    l->count = count;
    for (unsigned i = 0; i < count; i++) {
        if (slot_init(&l->slots[i], m->client, m->o->timeout_ms, err) != 0)
            return -1;
        l->idle[i] = &l->slots[i];
    }
    return 0;
}

static void lane_done(struct lane *l)
{
    for (unsigned i = 0; i < l->count; i++) {
        if (l->slots[i].busy)
            (void)curl_multi_remove_handle(l->multi, l->slots[i].t.curl);
        slot_done(&l->slots[i]);
    }
    if (l->multi != NULL)
        (void)curl_multi_cleanup(l->multi);
    free(l->slots);
    free(l->idle);
}

static int many_init(struct many *m, struct error *err)
{
    unsigned left = m->o->in_flight > 0 ? m->o->in_flight : HTTP_MANY_DEFAULT;
    pthread_condattr_t attr;

    if (left > HTTP_MANY_MAX)
        left = HTTP_MANY_MAX;
    (void)pthread_mutex_init(&m->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&m->answered, &attr);
    (void)pthread_condattr_destroy(&attr);
    m->allowed_at = clock_mono_ms();
    m->allowance = 1;
    m->count = left < LANES * LANE_MIN ? 1 : LANES;
    for (unsigned i = 0; i < m->count; i++) {
        unsigned share = left / (m->count - i);

        if (lane_init(&m->lanes[i], m, share, err) != 0)
            return -1;
        left -= share;
    }
    return 0;
}

static void many_done(struct many *m)
{
    for (unsigned i = 0; i < m->count; i++)
        lane_done(&m->lanes[i]);
    (void)pthread_cond_destroy(&m->answered);
    (void)pthread_mutex_destroy(&m->lock);
}

/* Whether one more may begin; else how long until then. */
static bool allowed(struct many *m, int64_t *wait_ms)
{
    double rate = m->o->per_second;
    double most = rate / BURSTS_PER_SECOND < 1 ? 1 : rate / BURSTS_PER_SECOND;
    int64_t now;

    if (m->o->per_second == 0)
        return true;
    now = clock_mono_ms();
    m->allowance += (double)(now - m->allowed_at) * rate / 1000;
    m->allowed_at = now;
    if (m->allowance > most)
        m->allowance = most;
    if (m->allowance >= 1)
        return true;
    *wait_ms = (int64_t)((1 - m->allowance) * 1000 / rate) + 1;
    return false;
}

static int begin(struct lane *l, struct slot *s,
                 const struct http_many_request *q, struct error *err)
{
    if (slot_prepare(s, q, err) != 0)
        return -1;
    if (curl_multi_add_handle(l->multi, s->t.curl) != CURLM_OK)
        return error_set(err, ERR_INTERNAL, "libcurl takes no request");
    s->started_at = l->looked_at;
    s->busy = true;
    l->busy++;
    l->many->busy++;
    return 0;
}

/* Give every idle connection something to do, as far as there is. */
static int fill(struct lane *l, int64_t *wait_ms, bool *waits,
                struct error *err)
{
    struct many *m = l->many;

    while (l->busy < l->count) {
        struct http_many_request q = {.method = NULL};
        int64_t later = 0;
        int rc;

        if (!allowed(m, wait_ms)) {
            *waits = true;
            break;
        }
        rc = m->o->next(m->o->ctx, &q, &later, err);
        if (rc < 0)
            return -1;
        if (rc == 0) {
            *waits = later > 0;
            if (later > 0 && later < *wait_ms)
                *wait_ms = later;
            break;
        }
        if (begin(l, l->idle[l->count - l->busy - 1], &q, err) != 0)
            return -1;
        m->allowance -= 1;
    }
    return 0;
}

/* It ended, one way or another: say so and make room. */
static int finish(struct lane *l, struct slot *s, CURLcode code,
                  struct error *err)
{
    struct many *m = l->many;
    struct error why = {.kind = ERR_NONE};
    int rc;

    slot_read_facts(s);
    (void)curl_multi_remove_handle(l->multi, s->t.curl);
    s->busy = false;
    m->busy--;
    l->busy--;
    l->idle[l->count - l->busy - 1] = s;
    s->r.failure = HTTP_FINE;
    if (code != CURLE_OK)
        (void)http_say_failure(&s->t, code, http_client_address(m->client),
                               &why);
    rc = m->o->done(m->o->ctx, s->tag, &s->r, &why, err);
    slot_clear(s);
    return rc;
}

static int take_answers(struct lane *l, struct error *err)
{
    CURLMsg *msg;
    int left;
    bool any = false;

    while ((msg = curl_multi_info_read(l->multi, &left)) != NULL) {
        CURLcode code = msg->data.result;
        void *slot = NULL;

        if (msg->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &slot);
        if (finish(l, slot, code, err) != 0)
            return -1;
        any = true;
    }
    if (any) /* there may be more work for those who have none */
        (void)pthread_cond_broadcast(&l->many->answered);
    return 0;
}

/* Now and then: is it still wanted, does everything still move? */
static int look_around(struct lane *l, struct error *err)
{
    int64_t now = clock_mono_ms();

    if (cancelled(l->many->o->cancel))
        return error_set(err, ERR_CANCELLED, "cancelled");
    if (now - l->looked_at < LOOK_MS)
        return 0;
    l->looked_at = now;
    for (unsigned i = 0; i < l->count; i++) {
        struct slot *s = &l->slots[i];

        if (s->busy && now - s->started_at > s->q.timeout_ms &&
            finish(l, s, CURLE_OPERATION_TIMEDOUT, err) != 0)
            return -1;
    }
    return 0;
}

static void end(struct many *m)
{
    m->over = true;
    (void)pthread_cond_broadcast(&m->answered);
    for (unsigned i = 0; i < m->count; i++)
        (void)curl_multi_wakeup(m->lanes[i].multi);
}

static void wait_for_others(struct many *m, int64_t wait_ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&m->answered, &m->lock, &until);
}

/* Without the lock: let what is under way get on. */
static int move_on(struct lane *l, int64_t wait_ms, struct error *err)
{
    int running = 0;

    if (curl_multi_perform(l->multi, &running) != CURLM_OK)
        return error_set(err, ERR_INTERNAL, "libcurl does not go on");
    if ((unsigned)running == l->busy) /* nothing ended */
        (void)curl_multi_poll(l->multi, NULL, 0, (int)wait_ms, NULL);
    return 0;
}

/* With the lock. */
static int run(struct lane *l, struct error *err)
{
    struct many *m = l->many;
    int rc = 0;

    while (rc == 0 && !m->over) {
        int64_t wait_ms = LOOK_MS;
        bool waits = false;

        if (take_answers(l, err) != 0 || look_around(l, err) != 0 ||
            fill(l, &wait_ms, &waits, err) != 0)
            return -1;
        if (l->busy > 0) {
            (void)pthread_mutex_unlock(&m->lock);
            rc = move_on(l, wait_ms, err);
            (void)pthread_mutex_lock(&m->lock);
        } else if (m->busy > 0 || m->waiting > 0 || waits) {
            m->waiting += waits ? 1 : 0;
            wait_for_others(m, wait_ms);
            m->waiting -= waits ? 1 : 0;
        } else {
            break;
        }
    }
    return rc;
}

static void *lane_run(void *lane)
{
    struct lane *l = lane;
    struct many *m = l->many;
    struct error err = {.kind = ERR_NONE};

    (void)pthread_mutex_lock(&m->lock);
    if (run(l, &err) != 0 && !m->over)
        m->error = err;
    end(m);
    (void)pthread_mutex_unlock(&m->lock);
    return NULL;
}

/* The first lane is the caller's own thread; one that cannot be started is
 * done without. */
static int run_all(struct many *m, struct error *err)
{
    bool started[LANES] = {false};

    for (unsigned i = 1; i < m->count; i++)
        started[i] = pthread_create(&m->lanes[i].thread, NULL, lane_run,
                                    &m->lanes[i]) == 0;
    (void)lane_run(&m->lanes[0]);
    for (unsigned i = 1; i < m->count; i++) {
        if (started[i])
            (void)pthread_join(m->lanes[i].thread, NULL);
    }
    if (m->error.kind == ERR_NONE)
        return 0;
    *err = m->error;
    return -1;
}

int http_many_run(struct http_client *client, const struct http_many_options *o,
                  struct error *err)
{
    struct many m = {.client = client, .o = o};
    int rc = -1;

    assert(client != NULL && o->next != NULL && o->done != NULL);
    if (many_init(&m, err) == 0)
        rc = run_all(&m, err);
    many_done(&m);
    return rc;
}
