/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "standin.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/http.h"

enum { ARGS_MAX = 24 };

static void become_server(int out, const char *const *args)
{
    const char *argv[ARGS_MAX] = {"python3", STANDIN_PROGRAM};
    size_t n = 2;

    for (size_t i = 0; args != NULL && args[i] != NULL; i++)
        argv[n++] = args[i];
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(out, STDOUT_FILENO);
    execvp("python3", (char *const *)(uintptr_t)argv);
    _exit(127);
}

void standin_start(struct standin *s, const char *const *args)
{
    int pipes[2];
    FILE *first;

    assert_int_equal(pipe(pipes), 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0)
        become_server(pipes[1], args);
    close(pipes[1]);
    first = fdopen(pipes[0], "r");
    assert_non_null(first);
    assert_non_null(fgets(s->address, sizeof s->address, first));
    s->address[strcspn(s->address, "\n")] = '\0';
    fclose(first);
}

void standin_stop(struct standin *s)
{
    if (s->pid <= 0)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

static struct json *control(const struct standin *s, const char *method,
                            const char *path, const char *body)
{
    struct http_client *c = NULL;
    struct http_request q = {.method = method,
                             .path = path,
                             .body = body,
                             .body_len = body != NULL ? strlen(body) : 0};
    struct http_response r;
    struct json *root = NULL;
    struct error err = {.text = ""};

    http_response_init(&r);
    assert_int_equal(
        http_client_new(&(struct http_options){.address = s->address,
                                               .tls.skip_verify = true},
                        &c, &err),
        0);
    if (http_call(c, &q, &r, &err) != 0)
        fail_msg("stand-in: %s", err.text);
    assert_in_range(r.status, 200, 204);
    if (r.body.len > 0)
        assert_int_equal(json_parse(r.body.data, r.body.len, &root, &err), 0);
    http_response_done(&r);
    http_client_free(c);
    return root;
}

void standin_set(const struct standin *s, const char *json)
{
    json_free(control(s, "PUT", "/__control", json));
}

void standin_faults(const struct standin *s, const char *const *faults)
{
    struct buf body;
    struct jsonw w;

    buf_init(&body, 64 * 1024);
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_array(&w, "faults");
    for (; *faults != NULL; faults++)
        jsonw_text(&w, NULL, *faults);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    standin_set(s, buf_text(&body));
    buf_done(&body);
}

void standin_reset(const struct standin *s)
{
    json_free(control(s, "POST", "/__control/reset", NULL));
}

struct json *standin_facts(const struct standin *s)
{
    return control(s, "GET", "/__control", NULL);
}

size_t standin_count(const struct standin *s, const char *method,
                     const char *path, bool with_token)
{
    struct json *facts = standin_facts(s);
    size_t n = 0;

    for (const struct json *q = json_first(json_get(facts, "requests"));
         q != NULL; q = json_next(q)) {
        if (strcmp(json_get_text(q, "method", ""), method) == 0 &&
            strcmp(json_get_text(q, "path", ""), path) == 0 &&
            (!with_token || json_get_bool(q, "token", false)))
            n++;
    }
    json_free(facts);
    return n;
}
