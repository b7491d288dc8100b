/* SPDX-License-Identifier: Apache-2.0 */
#include "primary.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/secret.h"
#include "base/text.h"
#include "transient/server_program.h"
#include "vault/call.h"
#include "vault/raft.h"
#include "vault/status.h"
#include "vault/sys.h"

enum { SNAPSHOT_MAX = 512 * 1024 * 1024 };

#define POLICY                                                                 \
    "path \\\"sys/storage/raft/snapshot\\\" { capabilities = "                 \
    "[\\\"read\\\"] }"

static struct primary *running;
static pid_t owner;

__attribute__((noreturn)) static void die(const char *what,
                                          const struct error *err)
{
    (void)fprintf(stderr, "primary: %s: %s\n", what, err->text);
    exit(1);
}

static unsigned free_port(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) != 0 ||
        getsockname(fd, (struct sockaddr *)&in, &len) != 0)
        exit(1);
    close(fd);
    return ntohs(in.sin_port);
}

static void write_config(struct primary *p, unsigned api, unsigned cluster)
{
    char path[128];
    struct buf out;
    struct error err;

    buf_init(&out, 8192);
    buf_printf(&out,
               "storage \"raft\" { path = \"%s/raft\" node_id = \"n1\" "
               "performance_multiplier = 1 }\n"
               "listener \"tcp\" { address = \"127.0.0.1:%u\" "
               "cluster_address = \"127.0.0.1:%u\" tls_disable = true }\n"
               "api_addr = \"http://127.0.0.1:%u\"\n"
               "cluster_addr = \"https://127.0.0.1:%u\"\n",
               p->dir, api, cluster, api, cluster);
    buf_str(&out, strcmp(p->product, "vault") == 0
                      ? "disable_mlock = true\n"
                      : "unsafe_allow_api_audit_creation = true\n");
    (void)snprintf(path, sizeof path, "%s/raft", p->dir);
    if (file_make_dirs(path, 0700, &err) != 0)
        die("raft directory", &err);
    (void)snprintf(path, sizeof path, "%s/server.hcl", p->dir);
    if (file_replace(path, out.data, out.len, 0600, &err) != 0)
        die("configuration", &err);
    buf_done(&out);
}

/* As process_start() does, but it does not outlive this program, however that
 * ends. */
static void spawn(struct primary *p, const char *server)
{
    char config[160], log[128];
    const char *const argv[] = {server, "server", config, NULL};
    const char *const env[] = {NULL};
    int fd;

    (void)snprintf(config, sizeof config, "-config=%s/server.hcl", p->dir);
    (void)snprintf(log, sizeof log, "%s/log", p->dir);
    fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    p->pid = fork();
    if (p->pid < 0)
        exit(1);
    if (p->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
        execve(server, (char *const *)(uintptr_t)argv,
               (char *const *)(uintptr_t)env);
        _exit(127);
    }
    close(fd);
}

static void give_birth(struct primary *p, const struct primary_options *o)
{
    const struct vault_init_options init = {
        .shares = o->shares != 0 ? o->shares : PRIMARY_SHARES,
        .threshold = o->threshold != 0 ? o->threshold : PRIMARY_THRESHOLD,
    };
    const struct vault_wait wait = {.timeout_ms = 30000};
    struct vault_status status;
    struct vault_keys keys;
    struct vault_seal seal;
    struct error err;
    unsigned i;

    if (vault_wait_ready(p->root, VAULT_UNTIL_ANSWERS, &wait, &status, &err) !=
            0 ||
        vault_init(p->root, &init, &keys, &err) != 0)
        die("init", &err);
    for (i = 0; i < init.threshold; i++) {
        if (vault_unseal(p->root, keys.share[i], &seal, &err) != 0)
            die("unseal", &err);
    }
    for (i = 0; i < init.shares; i++)
        p->share[i] = text_dup(keys.share[i]);
    if (vault_use_token(p->root, keys.root_token, &err) != 0 ||
        vault_wait_ready(p->root, VAULT_UNTIL_ACTIVE, &wait, &status, &err) !=
            0)
        die("active", &err);
    p->token = text_dup(keys.root_token);
    (void)text_copy(p->cluster_id, sizeof p->cluster_id, status.cluster_id);
    vault_keys_done(&keys);
}

void primary_write(struct primary *p, const char *path, const char *body)
{
    struct error err;
    int tries = 0;

    /* A fresh KV version 2 store refuses writes while it sets itself up. */
    while (vault_write(p->root, path, body, NULL, &err) != 0) {
        if (strstr(err.text, "Upgrading") == NULL || ++tries == 100)
            die(path, &err);
        clock_sleep_ms(100);
    }
}

void primary_wrap(struct primary *p)
{
    char *address = text_format("VAULT_ADDR=%s", vault_address(p->root));
    char *token = text_format("VAULT_TOKEN=%s", p->token);
    const char *const env[] = {address, token, "HOME=/nonexistent", NULL};
    const char *const argv[] = {p->server,           "write", "-wrap-ttl=2s",
                                "sys/wrapping/wrap", "a=b",   NULL};
    const struct process_options o = {.program = p->server,
                                      .argv = argv,
                                      .env = env,
                                      .stdin_fd = -1,
                                      .stderr_fd = STDERR_FILENO};
    struct error err;
    struct buf out;

    buf_init(&out, 4096);
    if (process_run(&o, 20000, &out, &err) != 0)
        die("wrap", &err);
    buf_done(&out);
    free(address);
    free(token);
}

static char *field(struct json *answer, const char *name)
{
    char *text = text_dup(json_get_text(json_get(answer, "data"), name, ""));

    json_free(answer);
    return text;
}

static void make_login(struct primary *p, bool batch)
{
    struct json *answer = NULL;
    struct error err;
    char body[256];

    primary_write(p, "sys/policies/acl/assay", "{\"policy\":\"" POLICY "\"}");
    primary_write(p, "sys/auth/approle", "{\"type\":\"approle\"}");
    (void)snprintf(body, sizeof body,
                   "{\"token_policies\":\"assay\",\"token_ttl\":\"1h\","
                   "\"token_type\":\"%s\"}",
                   batch ? "batch" : "service");
    primary_write(p, "auth/approle/role/assay", body);
    if (vault_read(p->root, "auth/approle/role/assay/role-id", &answer, &err) !=
        0)
        die("role-id", &err);
    p->role_id = field(answer, "role_id");
    if (vault_write(p->root, "auth/approle/role/assay/secret-id", "{}", &answer,
                    &err) != 0)
        die("secret-id", &err);
    p->secret_id = field(answer, "secret_id");
}

/* As the daemon does before it takes its first snapshot; the first login of a
 * credential makes an identity entity. */
static void log_in_once(struct primary *p)
{
    struct vault_options o;
    struct vault *v = NULL;
    struct error err;

    memset(&o, 0, sizeof o);
    o.address = vault_address(p->root);
    o.auth.method = VAULT_AUTH_APPROLE;
    o.auth.role_id = p->role_id;
    o.auth.secret_id = p->secret_id;
    if (vault_new(&o, &v, &err) != 0 || vault_keep_login(v, &err) != 0)
        die("login", &err);
    vault_free(v);
}

static void add_audit(struct primary *p, const struct primary_options *o)
{
    char body[256];

    if (o->audit_syslog)
        primary_write(p, "sys/audit/syslog", "{\"type\":\"syslog\"}");
    if (o->audit_file != NULL) {
        (void)snprintf(body, sizeof body,
                       "{\"type\":\"file\",\"options\":{\"file_path\":"
                       "\"%s\"}}",
                       o->audit_file);
        primary_write(p, "sys/audit/file", body);
    }
    if (o->audit_port != 0) {
        (void)snprintf(body, sizeof body,
                       "{\"type\":\"socket\",\"options\":{\"address\":"
                       "\"127.0.0.1:%u\",\"socket_type\":\"udp\"}}",
                       o->audit_port);
        primary_write(p, "sys/audit/socket", body);
    }
}

static int remove_all(struct primary *p, struct error *err)
{
    const char *const dirs[] = {p->dir, p->clean[0], p->clean[1]};
    int rc = 0;

    if (p->pid > 0) {
        (void)kill(p->pid, SIGKILL);
        (void)waitpid(p->pid, NULL, 0);
    }
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        if (dirs[i] != NULL && file_remove_tree(dirs[i], err) != 0)
            rc = -1;
    }
    return rc;
}

/* A step that failed has ended the program.  So may a child of a test, which
 * has nothing to remove. */
static void remove_at_exit(void)
{
    struct error err;

    if (running != NULL && getpid() == owner)
        (void)remove_all(running, &err);
}

void primary_start(struct primary *p, const struct primary_options *o)
{
    const char *const products[] = {"openbao", "vault"};
    struct server_program program = {.path = NULL};
    unsigned port;
    struct vault_options v;
    enum transient_outcome outcome;
    char address[64];
    struct error err;
    int i;

    memset(p, 0, sizeof *p);
    memcpy(p->clean, o->clean, sizeof p->clean);
    running = p;
    owner = getpid();
    if (atexit(remove_at_exit) != 0)
        exit(1);
    p->server = text_dup(o->server);
    (void)text_copy(p->dir, sizeof p->dir, "/tmp/assay-primary-XXXXXX");
    if (mkdtemp(p->dir) == NULL)
        exit(1);
    for (i = 0; i < 2 && program.path == NULL; i++) {
        if (server_program_find(&(struct server_wanted){.server = o->server,
                                                        .product = products[i]},
                                &program, &outcome, &err) != 0 &&
            i == 1)
            die("program", &err);
    }
    (void)text_copy(p->product, sizeof p->product, program.product);
    (void)text_copy(p->version, sizeof p->version, program.version);
    port = free_port();
    write_config(p, port, free_port());
    spawn(p, program.path);
    server_program_done(&program);
    memset(&v, 0, sizeof v);
    (void)snprintf(address, sizeof address, "http://127.0.0.1:%u", port);
    v.address = address;
    if (vault_new(&v, &p->root, &err) != 0)
        die("client", &err);
    give_birth(p, o);
    add_audit(p, o);
    primary_write(p, "sys/mounts/kv",
                  "{\"type\":\"kv\",\"options\":{\"version\":\"2\"}}");
    for (i = 0; i < 20; i++) {
        char path[32];

        (void)snprintf(path, sizeof path, "kv/data/thing%d", i);
        primary_write(p, path, "{\"data\":{\"a\":\"b\",\"c\":\"d\"}}");
    }
    make_login(p, o->batch_tokens);
    if (!o->never_logged_in)
        log_in_once(p);
}

void primary_stop(struct primary *p)
{
    struct error err;
    size_t i;

    vault_free(p->root);
    running = NULL;
    if (remove_all(p, &err) != 0)
        die("clean up", &err);
    for (i = 0; i < sizeof p->share / sizeof p->share[0]; i++)
        free(p->share[i]);
    free(p->server);
    free(p->token);
    free(p->role_id);
    free(p->secret_id);
}

static int keep_bytes(void *ctx, const void *data, size_t len,
                      struct error *err)
{
    struct buf *out = ctx;

    buf_add(out, data, len);
    return buf_check(out, "a snapshot", err);
}

char *primary_snapshot(struct primary *p, size_t *len)
{
    struct vault_snapshot_info info;
    struct error err;
    struct buf out;
    const struct sink sink = {.write = keep_bytes, .ctx = &out};
    char *data;

    buf_init(&out, SNAPSHOT_MAX);
    if (vault_snapshot_take(p->root, &sink, NULL, &info, &err) != 0)
        die("snapshot", &err);
    *len = out.len;
    data = buf_take(&out);
    buf_done(&out);
    return data;
}

static int memory_read(void *ctx, void *data, size_t size, size_t *len,
                       struct error *err)
{
    struct memory_source *m = ctx;
    size_t left = m->len - m->at;

    (void)err;
    *len = left < size ? left : size;
    memcpy(data, m->data + m->at, *len);
    m->at += *len;
    return 0;
}

static int memory_rewind(void *ctx, struct error *err)
{
    struct memory_source *m = ctx;

    (void)err;
    m->at = 0;
    return 0;
}

struct source memory_source_of(struct memory_source *m)
{
    m->at = 0;
    return (struct source){
        .read = memory_read, .rewind = memory_rewind, .ctx = m, .size = m->len};
}
