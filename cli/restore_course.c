/* SPDX-License-Identifier: Apache-2.0
 *
 * The same plan, the same gates and the same distrust of a 204 as in the
 * daemon, because it is the daemon's engine; the person who types the
 * cluster's name stands in for requester and approver. */
#include "cli/restore_course.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/prove.h"
#include "cli/restore_print.h"
#include "cli/restore_prompt.h"
#include "cli/restore_target.h"
#include "cli/restore_target_init.h"
#include "cli/restore_unseal.h"
#include "cli/restore_work.h"
#include "jobs/plan.h"

enum { OUTPUT_MAX = 64 * 1024 * 1024 };
enum { AWAIT_UNSEAL_MS = 4 * 60 * 60 * 1000 };

struct course {
    const struct restore_order *order;
    bool force;     /* asked for, or the target was new */
    bool confirmed; /* before it was initialised */
    struct prove_keys keys;
    struct restore_source source;
    struct snapshot_proof proof;
    struct restore_target target;
    struct restore_work *work;
    struct restore_unseal unseal;
    struct buf out;
    int64_t begun_ms;
    bool told_stopping;
    char shown[64]; /* the status and phase that were printed last */
};

static volatile sig_atomic_t interrupts;
static struct cancel interrupted;

/* The first asks the run to end, the second does not wait for it, the third
 * does not even clean up. */
static void on_signal(int number)
{
    (void)number;
    interrupts = interrupts + 1;
    if (interrupts > 2)
        _exit(RESTORE_SENT);
    atomic_store(&interrupted.requested, true);
}

/* Without SA_RESTART: a prompt must end.  Threads of the engine leave the
 * signals to the main thread. */
static void catch_signals(void)
{
    const struct sigaction on = {.sa_handler = on_signal};

    interrupts = 0;
    atomic_store(&interrupted.requested, false);
    (void)sigaction(SIGINT, &on, NULL);
    (void)sigaction(SIGTERM, &on, NULL);
}

static int complain(const struct error *err, int code)
{
    fprintf(stderr, "%s\n", err->text);
    return code;
}

/* Of an error before anything was sent. */
static int code_of(const struct error *err)
{
    return err->kind == ERR_CORRUPT || err->kind == ERR_PRECONDITION
               ? RESTORE_REFUSED
               : RESTORE_UNKNOWN;
}

static int flush(struct course *r)
{
    struct error err = {0};
    int rc = output_flush(&r->out, &err);

    buf_done(&r->out);
    buf_init(&r->out, OUTPUT_MAX);
    return rc == 0 ? 0 : complain(&err, -1);
}

/* Which archive, and what its keys say of it. */
static int prove(struct course *r)
{
    const struct snapshot_prove_options options = {.digest_archive = true,
                                                   .cancel = &interrupted};
    struct error err = {0};

    if (restore_source_find(&r->order->wanted, &r->source, &err) != 0 ||
        prove_keys_read(&r->keys, &r->order->key_files,
                        &r->order->static_key_files, &err) != 0 ||
        (r->order->ask_keys && restore_prompt_shares(r->keys.keys, &err) != 0))
        return complain(&err, RESTORE_UNKNOWN);
    if (prove_archive(r->source.path, &r->keys, &options, &r->proof, &err) !=
        0) {
        (void)complain(&err, 0);
        if (r->source.older[0] != '\0')
            fprintf(stderr, "The snapshot before it is %s (-snapshot).\n",
                    r->source.older);
        return err.kind == ERR_CORRUPT ? RESTORE_REFUSED : RESTORE_UNKNOWN;
    }
    restore_print_source(&r->out, &r->source, &r->proof);
    if (flush(r) != 0)
        return RESTORE_UNKNOWN;
    return r->proof.keys == UNSEAL_BROKEN_KEYRING ? RESTORE_REFUSED
                                                  : RESTORE_DONE;
}

/* By the name of what is about to be lost, not of what comes. */
static int confirm(const struct course *r, const char *name)
{
    if (interrupts > 0)
        return RESTORE_REFUSED;
    if (r->order->yes == NULL)
        return restore_prompt_name(name, vault_address(r->target.vault))
                   ? RESTORE_DONE
                   : RESTORE_REFUSED;
    if (strcmp(r->order->yes, name) == 0)
        return RESTORE_DONE;
    fprintf(stderr, "-yes %s: the target's name is %s; nothing was sent\n",
            r->order->yes, name);
    return RESTORE_REFUSED;
}

/* The plan may look into the archive, too. */
static size_t find_files(const struct flag_texts *texts,
                         const char *files[FLAG_TEXTS_MAX])
{
    size_t count = 0;
    struct stat st;

    for (size_t i = 0; i < texts->count; i++)
        if (stat(texts->items[i], &st) == 0 && S_ISREG(st.st_mode))
            files[count++] = texts->items[i];
    return count;
}

static int open_work(struct course *r)
{
    const char *files[FLAG_TEXTS_MAX];
    const struct restore_work_options options = {
        .dir = r->order->work_dir,
        .vault = r->target.vault,
        .source = &r->source,
        .proof = &r->proof,
        .trusted_keys = &r->order->trusted_keys,
        .key_files = files,
        .key_files_count = find_files(&r->order->key_files, files),
        .await_unseal_ms = AWAIT_UNSEAL_MS,
        .settle_ms = r->order->settle_ms,
    };
    struct error err = {0};

    if (r->work != NULL)
        return RESTORE_DONE;
    log_set_level(LOG_LEVEL_ERROR);
    if (restore_work_open(&options, &r->work, &err) != 0)
        return complain(&err, err.kind == ERR_CORRUPT ? RESTORE_REFUSED
                                                      : RESTORE_UNKNOWN);
    r->unseal = (struct restore_unseal){.jobs = restore_work_jobs(r->work),
                                        .keys = r->keys.keys};
    return RESTORE_DONE;
}

static bool overridden(const struct course *r, const char *finding)
{
    for (size_t i = 0; i < r->order->overrides.count; i++)
        if (strcmp(r->order->overrides.items[i], finding) == 0)
            return true;
    return false;
}

/* A server that is initialised for nothing is one whose keys nobody has. */
static int is_worth_it(struct course *r)
{
    int code = open_work(r);

    if (code != RESTORE_DONE ||
        restore_work_row(r->work)->verdict == STORE_VALID ||
        overridden(r, "verdict"))
        return code;
    fprintf(stderr,
            "\nRefused, %s was not initialised: the archive is not "
            "proved.  If you know better: -override verdict\n",
            vault_address(r->target.vault));
    return RESTORE_REFUSED;
}

/* There is nothing on it yet to be lost, and so nothing to be forced. */
static int initialise(struct course *r)
{
    struct error err = {0};
    int code = is_worth_it(r);

    if (code == RESTORE_DONE)
        code = confirm(r, vault_address(r->target.vault));
    if (code != RESTORE_DONE)
        return code;
    if (restore_target_init(&r->target, &r->proof.seal, &interrupted, &err) !=
        0)
        return complain(&err, RESTORE_UNKNOWN);
    r->confirmed = true;
    r->force = true;
    restore_print_target(&r->out, &r->target);
    return flush(r) == 0 ? RESTORE_DONE : RESTORE_UNKNOWN;
}

static int look_at_target(struct course *r)
{
    struct error err = {0};
    struct buf advice;
    bool ready;

    if (restore_target_open(r->order->to, r->order->token_file, &r->target,
                            &err) != 0)
        return complain(&err, RESTORE_UNKNOWN);
    if (r->order->init && !r->order->dry_run && !r->target.status.initialized)
        return initialise(r);
    buf_init(&advice, OUTPUT_MAX);
    ready = restore_target_ready(&r->target, &r->proof.seal, &advice);
    if (!ready)
        fprintf(stderr, "\n%s", buf_text(&advice));
    buf_done(&advice);
    if (!ready)
        return RESTORE_REFUSED;
    restore_print_target(&r->out, &r->target);
    return flush(r) == 0 ? RESTORE_DONE : RESTORE_UNKNOWN;
}

/* A line for each thing that begins; and the shares where they are wanted. */
static void watch(void *ctx, const struct run *run,
                  enum restore_work_stop *stop)
{
    struct course *r = ctx;
    char now[sizeof(r->shown)];

    (void)snprintf(now, sizeof(now), "%s%s%s", run_status_name(run->status),
                   run->phase[0] != '\0' ? ": " : "", run->phase);
    if (strcmp(now, r->shown) != 0)
        fprintf(stderr, "[%5.1fs] %s\n",
                (double)(clock_mono_ms() - r->begun_ms) / 1000, now);
    (void)text_copy(r->shown, sizeof(r->shown), now);
    if (run->status == RUN_AWAITING_UNSEAL)
        restore_unseal_step(&r->unseal, run->id);
    if (interrupts > 1)
        *stop = RESTORE_WORK_LEAVE;
    else if (interrupts > 0 && !r->told_stopping)
        *stop = RESTORE_WORK_CANCEL;
    if (interrupts > 0 && !r->told_stopping)
        fprintf(stderr, "Stopping; what has been sent already is watched to "
                        "its end (once more: without that)\n");
    r->told_stopping = interrupts > 0;
}

static int run(struct course *r, bool dry_run, struct run *out,
               struct error *err)
{
    const struct restore_work_request request = {
        .dry_run = dry_run,
        .force = r->force,
        .overrides = &r->order->overrides,
        .reason = "assay restore",
        .watch = watch,
        .ctx = r,
    };

    r->shown[0] = '\0';
    return restore_work_run(r->work, &request, out, err);
}

/* What to do about the first blocker, where anything can be done from here. */
static void advise(const struct course *r, const char *blocker)
{
    fputs("\nRefused, nothing was sent.", stderr);
    if (strcmp(blocker, "identity") == 0)
        fputs("  If another cluster is meant: -force", stderr);
    for (size_t i = 0; plan_overridable[i] != NULL; i++)
        if (strcmp(plan_overridable[i], blocker) == 0)
            fprintf(stderr, "  If you know better: -override %s", blocker);
    if (strcmp(blocker, "verdict") == 0 && r->source.older[0] != '\0')
        fprintf(stderr, "  The snapshot before it: -snapshot %s",
                r->source.older);
    fputc('\n', stderr);
}

static int plan(struct course *r)
{
    struct run made = {.plan = NULL};
    struct error err = {0};
    char blocker[RUN_NAME_MAX];
    int code = RESTORE_DONE;
    bool clear;

    if (run(r, true, &made, &err) != 0)
        return complain(&err, code_of(&err));
    clear = restore_print_plan(&r->out, &made, blocker, sizeof(blocker));
    if (flush(r) != 0)
        code = RESTORE_UNKNOWN;
    if (made.plan == NULL)
        fprintf(stderr, "There is no plan: %s\n",
                made.error[0] != '\0' ? made.error
                                      : run_status_name(made.status));
    else if (!clear)
        advise(r, blocker);
    if (code == RESTORE_DONE && !clear)
        code = RESTORE_REFUSED;
    run_done(&made);
    return code;
}

/* The path of what was there before, or "".  Of a server that was initialised
 * a minute ago nobody has the keys. */
static void keep_safety(struct course *r, const struct run *done,
                        char safety[RESTORE_PATH_MAX])
{
    struct error err = {0};

    if (r->confirmed)
        return;
    if (done->safety_snapshot_id[0] != '\0') {
        if (restore_work_keep(r->work, done->safety_snapshot_id, safety,
                              &err) == 0)
            return;
        (void)complain(&err, 0);
        restore_work_leave(r->work);
    } else if (done->status != RUN_SUCCEEDED) {
        restore_work_leave(r->work);
    }
}

static void report(struct course *r, const struct run *done, bool sent)
{
    struct run_phases *phases = calloc(1, sizeof(*phases));
    char safety[RESTORE_PATH_MAX] = "";
    struct error err = {0};

    if (sent)
        keep_safety(r, done, safety);
    if (phases == NULL || restore_work_phases(r->work, done, phases, &err) != 0)
        (void)complain(&err, 0);
    const struct restore_report what = {
        .run = done,
        .phases = phases,
        .row = restore_work_row(r->work),
        .target = &r->target,
        .safety = safety[0] != '\0' ? safety : NULL,
        .force = r->force,
        .sent = sent,
    };
    restore_print_report(&r->out, &what);
    (void)flush(r);
    free(phases);
}

static int execute(struct course *r)
{
    struct run done = {.plan = NULL};
    struct error err = {0};
    int code = RESTORE_DONE;
    bool sent;

    if (run(r, false, &done, &err) != 0)
        return complain(&err, code_of(&err));
    sent = restore_work_sent(r->work, &done);
    if (done.status != RUN_SUCCEEDED)
        code = sent ? RESTORE_SENT : RESTORE_REFUSED;
    report(r, &done, sent);
    run_done(&done);
    return code;
}

/* Nothing is sent before all of it is done. */
static int prepare(struct course *r)
{
    static int (*const steps[])(struct course *) = {prove, look_at_target,
                                                    open_work, plan};
    int code = RESTORE_DONE;

    for (size_t i = 0;
         i < sizeof(steps) / sizeof(steps[0]) && code == RESTORE_DONE; i++)
        code = steps[i](r);
    return code;
}

static int restore(struct course *r)
{
    int code;

    catch_signals();
    r->begun_ms = clock_mono_ms();
    code = prepare(r);
    if (code == RESTORE_DONE && r->order->dry_run) {
        printf("\nA dry run: it would be restored.\n");
        return RESTORE_DONE;
    }
    if (code == RESTORE_DONE && !r->confirmed)
        code = confirm(r, r->target.status.cluster_name);
    if (code == RESTORE_DONE)
        code = execute(r);
    if (r->confirmed && (code == RESTORE_REFUSED || code == RESTORE_UNKNOWN))
        fprintf(stderr, RESTORE_TARGET_ORPHANED "\n",
                vault_address(r->target.vault));
    return code;
}

static void course_done(struct course *r)
{
    restore_work_close(r->work);
    restore_target_done(&r->target);
    snapshot_proof_done(&r->proof);
    restore_source_done(&r->source);
    prove_keys_done(&r->keys);
    buf_done(&r->out);
}

int restore_course(const struct restore_order *order)
{
    struct course r = {.order = order, .force = order->force};
    int code;

    buf_init(&r.out, OUTPUT_MAX);
    snapshot_proof_init(&r.proof);
    code = restore(&r);
    course_done(&r);
    return code;
}
