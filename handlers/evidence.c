/* SPDX-License-Identifier: Apache-2.0
 *
 * A report for whoever does not trust this process: an in-toto Statement
 * about the archive, signed with the key of the manifests. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/report.h"
#include "jobs/jobs.h"

/* The envelope itself, without Vault's around it. */
#define BARE "application/vnd.dsse.envelope.v1+json"

static void write_statement(const struct report *r, struct buf *out)
{
    char name[ID_TEXT_MAX + 8];
    struct jsonw w;

    (void)snprintf(name, sizeof(name), "%s.snap", r->snapshot.id);
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "_type", EVIDENCE_STATEMENT_TYPE);
    jsonw_array(&w, "subject");
    jsonw_object(&w, NULL);
    jsonw_text(&w, "name", name);
    jsonw_object(&w, "digest");
    jsonw_text(&w, "sha256", r->snapshot.sha256);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    jsonw_end_array(&w);
    jsonw_text(&w, "predicateType", EVIDENCE_PREDICATE_TYPE);
    jsonw_object(&w, "predicate");
    report_write(r, &w);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
}

static int check(const struct report *r, struct error *err)
{
    if (r->run.verdict == STORE_UNVALIDATED)
        return error_set(err, ERR_NOT_FOUND,
                         "this validation ended without a verdict (it is "
                         "%s): there is nothing to attest",
                         run_status_name(r->run.status));
    if (r->snapshot.sha256[0] == '\0')
        return error_set(err, ERR_NOT_FOUND,
                         "the snapshot that was validated is not in the "
                         "catalog any more: nobody knows which archive to "
                         "attest");
    return 0;
}

static bool wants_bare(const struct request *request)
{
    const char *accept = request_header(request, "Accept");

    return accept != NULL && strstr(accept, BARE) != NULL;
}

/* The envelope's own fields become those of `data`. */
static int answer_data(const struct buf *envelope, struct reply *reply,
                       struct error *err)
{
    struct json *root = NULL;
    struct jsonw *w = reply_data(reply);
    struct buf signatures;
    int rc = -1;

    buf_init(&signatures, LIMIT_REQUEST_BODY);
    if (json_parse(buf_text(envelope), envelope->len, &root, err) != 0)
        goto done;
    json_print(json_get(root, "signatures"), &signatures);
    if (buf_check(&signatures, "the signatures", err) != 0)
        goto done;
    jsonw_text(w, "payloadType", json_get_text(root, "payloadType", ""));
    jsonw_text(w, "payload", json_get_text(root, "payload", ""));
    jsonw_raw(w, "signatures", buf_text(&signatures));
    rc = 0;
done:
    json_free(root);
    buf_done(&signatures);
    return rc;
}

int handlers_evidence_read(void *app, struct request *request,
                           struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    struct report r = {0};
    struct buf statement;
    struct buf envelope;
    int rc = -1;

    buf_init(&statement, LIMIT_MANIFEST);
    buf_init(&envelope, LIMIT_REPLY_BODY);
    if (report_load(a, request, &r, err) != 0 || check(&r, err) != 0)
        goto done;
    write_statement(&r, &statement);
    if (buf_check(&statement, "the statement", err) != 0 ||
        jobs_sign_statement(a->jobs, &statement, &envelope, err) != 0)
        goto done;
    if (wants_bare(request)) {
        reply_raw(reply, 200, BARE, buf_text(&envelope), envelope.len);
        rc = 0;
    } else {
        rc = answer_data(&envelope, reply, err);
    }
    reply_header(reply, "Vary", "Accept");
done:
    report_done(&r);
    buf_done(&statement);
    buf_done(&envelope);
    return rc;
}
