/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/process_extras.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "transient/client_address.h"
#include "transient/process_dir.h"
#include "transient/stanza.h"
#include "vault/vault.h"

enum {
    AUDIT_STANZAS = 16,
    STANZAS_MAX = 3 * LIMIT_STANZA_FILE,
    /* A file of the copy's may grow to the archive's own size several times
     * (a database with its pages, and the next snapshot of it), and then
     * some. */
    SIZE_TIMES = 4,
};

#define SIZE_MORE (UINT64_C(1) << 30)

static const struct transient_process nothing;

static const struct transient_process *
settings(const struct transient_options *o)
{
    return o->process != NULL ? o->process : &nothing;
}

/* Takes over the word; NULL: no memory. */
static int add_word(struct process_extras *x, char *word, struct error *err)
{
    if (word == NULL)
        return error_memory(err);
    if (x->words_count == HELPER_EXTRAS_MAX) {
        free(word);
        return error_set(err, ERR_INVALID, "too much for the sandbox");
    }
    x->words[x->words_count++] = word;
    return 0;
}

static int check_file(const char *setting, const char *path, struct error *err)
{
    if (access(path, R_OK) == 0)
        return 0;
    return error_errno(err, ERR_PRECONDITION, "transient.%s: cannot read %s",
                       setting, path);
}

/* The seal that the snapshot's cluster had; "" if that is not known. */
static const char *seal_type(const struct transient_options *o)
{
    return o->seal_type != NULL ? o->seal_type : "";
}

static bool wants_seal(const struct transient_options *o)
{
    return settings(o)->seal_file != NULL &&
           strcmp(seal_type(o), "shamir") != 0;
}

static int read_seal(const struct transient_options *o,
                     struct process_extras *x, struct error *err)
{
    static const struct stanza_rule rule = {.kind = "seal", .most = 1};
    const struct transient_process *p = settings(o);
    const char *type = seal_type(o);
    char label[STANZA_LABEL_MAX];

    if (stanza_read(p->seal_file, &rule, &x->stanzas, label, err) != 0)
        return error_prefix(err, "transient.seal_file");
    if (type[0] != '\0' && strcmp(type, label) != 0)
        return error_set(err, ERR_PRECONDITION,
                         "the snapshot is of a cluster with %s auto-unseal, "
                         "and the stanza in transient.seal_file is for %s",
                         type, label);
    x->auto_unseal = true;
    for (size_t i = 0; i < p->seal_files_count; i++) {
        if (check_file("seal_files", p->seal_files[i], err) != 0 ||
            add_word(x, text_format("file:%s", p->seal_files[i]), err) != 0)
            return -1;
    }
    return 0;
}

static int add_endpoint(const struct transient_options *o,
                        struct process_extras *x, struct error *err)
{
    const struct transient_process *p = settings(o);
    struct transient_endpoint endpoint;

    if (p->seal_endpoint == NULL || o->no_isolation)
        return 0;
    if (transient_endpoint_parse(p->seal_endpoint, &endpoint, err) != 0)
        return error_prefix(err, "transient.seal_endpoint");
    x->endpoint_port = endpoint.port;
    return add_word(x, text_format("endpoint:%s", p->seal_endpoint), err);
}

static int check_seal(const struct transient_options *o,
                      struct process_extras *x, struct error *err)
{
    const char *type = seal_type(o);

    if (wants_seal(o))
        return read_seal(o, x, err) == 0 ? add_endpoint(o, x, err) : -1;
    if (type[0] == '\0' || strcmp(type, "shamir") == 0)
        return 0;
    return error_set(err, ERR_PRECONDITION,
                     "the snapshot is of a cluster with %s auto-unseal, and "
                     "key shares cannot unseal a copy of it: give its seal "
                     "stanza in transient.seal_file",
                     type);
}

static int read_audit(const struct transient_options *o,
                      struct process_extras *x, struct error *err)
{
    static const struct stanza_rule rule = {.kind = "audit",
                                            .most = AUDIT_STANZAS};
    const struct transient_process *p = settings(o);
    char label[STANZA_LABEL_MAX];

    if (p->audit_file == NULL || strcmp(o->product, "openbao") != 0)
        return 0;
    if (o->no_isolation)
        return error_set(err, ERR_PRECONDITION,
                         "transient.audit_file: without isolation the copy "
                         "would write where production writes");
    if (stanza_read(p->audit_file, &rule, &x->stanzas, label, err) != 0)
        return error_prefix(err, "transient.audit_file");
    return 0;
}

/* A login to the copy is to look like one to the primary. */
static int add_way_in(const struct transient_options *o,
                      struct process_extras *x, struct error *err)
{
    const char *configured = settings(o)->client_address;
    char client[INET_ADDRSTRLEN] = "";

    if (o->no_isolation)
        return 0;
    if (configured != NULL)
        (void)text_copy(client, sizeof client, configured);
    else if (o->primary != NULL &&
             !client_address_towards(vault_address(o->primary), client))
        client[0] = '\0'; /* then from loopback */
    if (client[0] != '\0' &&
        add_word(x, text_format("client:%s", client), err) != 0)
        return -1;
    return add_word(
        x, text_format("api:%u", process_dir_api_port(x->endpoint_port)), err);
}

static int check_license(const struct transient_options *o,
                         const struct server_program *program,
                         struct process_extras *x, struct error *err)
{
    const char *file = settings(o)->license_file;

    if (!server_version_is_enterprise(program->version))
        return 0;
    if (file == NULL)
        return error_set(err, ERR_PRECONDITION,
                         "%s is Vault Enterprise (%s), which starts with a "
                         "license only: name its file in "
                         "transient.license_file",
                         program->path, program->version);
    if (check_file("license_file", file, err) != 0)
        return -1;
    return add_word(x, text_format("license:%s", file), err);
}

static int add_limits(const struct transient_options *o,
                      struct process_extras *x, struct error *err)
{
    const struct transient_process *p = settings(o);
    uint64_t size = o->state_bytes * SIZE_TIMES + SIZE_MORE;

    x->time_limit_ms =
        p->time_limit_ms > 0 ? p->time_limit_ms : PROCESS_TIME_LIMIT_MS;
    if (p->memory_limit > 0 &&
        add_word(
            x, text_format("memory:%llu", (unsigned long long)p->memory_limit),
            err) != 0)
        return -1;
    if (o->state_bytes == 0)
        return 0;
    return add_word(x, text_format("size:%llu", (unsigned long long)size), err);
}

int process_extras_read(const struct transient_options *o,
                        const struct server_program *program,
                        struct process_extras *out,
                        enum transient_outcome *outcome, struct error *err)
{
    struct process_extras x = {.words_count = 0};

    buf_init_secret(&x.stanzas, STANZAS_MAX);
    *outcome = TRANSIENT_NO_SERVER;
    if (check_license(o, program, &x, err) != 0)
        goto done;
    *outcome = TRANSIENT_KEYS;
    if (check_seal(o, &x, err) != 0)
        goto done;
    *outcome = TRANSIENT_NO_ISOLATION;
    if (read_audit(o, &x, err) != 0)
        goto done;
    *outcome = TRANSIENT_BROKEN;
    if (add_limits(o, &x, err) != 0 || add_way_in(o, &x, err) != 0)
        goto done;
    *outcome = TRANSIENT_OK;
    *out = x;
    return 0;
done:
    process_extras_done(&x);
    return -1;
}

int process_extras_words(struct process_extras *x, int64_t used_ms,
                         char *const **words, struct error *err)
{
    int64_t left = (x->time_limit_ms - used_ms) / 1000;
    char *word;

    if (left < 1)
        return error_set(err, ERR_PRECONDITION,
                         "the transient server had all the time that it may "
                         "have (transient.time_limit)");
    word = text_format("seconds:%lld", (long long)left);
    if (word == NULL || x->words_count == HELPER_EXTRAS_MAX) {
        free(word);
        return error_memory(err);
    }
    /* Behind those that stay. */
    free(x->words[x->words_count]);
    x->words[x->words_count] = word;
    *words = x->words;
    return 0;
}

void process_extras_done(struct process_extras *x)
{
    buf_done(&x->stanzas);
    for (size_t i = 0; i < HELPER_EXTRAS_MAX; i++)
        free(x->words[i]);
    memset(x, 0, sizeof *x);
}
