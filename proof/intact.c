/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proof/checks.h"
#include "snapshot/reader.h"

static void compare_with_catalog(const struct proof_context *c,
                                 const struct snapshot_facts *facts,
                                 struct proof_result *r)
{
    char expected[32], found[32];

    if (strcmp(facts->sha256, c->sha256) != 0)
        proof_find(r, "digest", "sha256", c->sha256, facts->sha256);
    if (facts->size_bytes != c->size_bytes) {
        (void)snprintf(expected, sizeof expected, "%" PRIu64, c->size_bytes);
        (void)snprintf(found, sizeof found, "%" PRIu64, facts->size_bytes);
        proof_find(r, "size", "size_bytes", expected, found);
    }
    r->covered = facts->entries;
    r->total = facts->entries;
    if (r->findings_total > 0)
        proof_say(r, PROOF_FAIL,
                  "the stored archive is complete, but not the one that was "
                  "catalogued");
    else
        proof_say(r, PROOF_PASS,
                  "complete: %" PRIu64 " entries, every sum matches",
                  facts->entries);
}

int proof_intact(const struct proof_context *c, struct proof_result *r,
                 struct error *err)
{
    const struct snapshot_reader_options options = {.digest_archive = true,
                                                    .helper_thread = true};
    struct snapshot_facts facts;
    struct source archive;
    int rc;

    if (c->open_archive(c->archive_ctx, &archive, err) != 0) {
        if (err->kind != ERR_NOT_FOUND)
            return -1;
        proof_say(r, PROOF_FAIL, "the archive is not where it was stored");
        return 0;
    }
    snapshot_facts_init(&facts);
    rc = snapshot_read_source(&archive, &options, c->cancel, &facts, err);
    c->close_archive(c->archive_ctx, &archive);
    if (rc == 0) {
        compare_with_catalog(c, &facts, r);
    } else if (err->kind == ERR_CORRUPT) {
        proof_say(r, PROOF_FAIL, "%s", err->text);
        rc = 0;
    }
    snapshot_facts_done(&facts);
    return rc;
}
