/* SPDX-License-Identifier: Apache-2.0
 *
 * The command for the day on which nothing else is left: an archive, key
 * shares, a server. */
#include "cli/restore.h"

#include <stdio.h>
#include <string.h>

#include "cli/flags.h"
#include "cli/output.h"
#include "cli/restore_course.h"
#include "cli/restore_source.h"

enum { OUTPUT_MAX = 64 * 1024 * 1024 };

static int print_list(const struct restore_wanted *wanted)
{
    struct error err = {0};
    struct buf out;
    int rc = -1;

    buf_init(&out, OUTPUT_MAX);
    if (restore_source_list(wanted, &out, &err) == 0)
        rc = output_flush(&out, &err);
    buf_done(&out);
    if (rc != 0)
        fprintf(stderr, "%s\n", err.text);
    return rc == 0 ? RESTORE_DONE : RESTORE_UNKNOWN;
}

static const char about[] =
    "Put a snapshot back with no daemon and no catalog: prove the archive "
    "with its key\nshares, make the plan, ask for the name of the cluster that "
    "is overwritten, send,\nwatch until it is applied, unseal it with the same "
    "shares, report.\n\nFROM is an archive, or a folder laid out as Assay's "
    "storage.  The token is\n$VAULT_TOKEN, $BAO_TOKEN, ~/.vault-token or "
    "-token-file, TLS as Vault's own CLI has\nit (VAULT_CACERT, ...).  "
    "docs/RESTORE.md goes through it step by step.\n\nExit code: 0 restored "
    "(with -dry-run: would be), 1 refused, 2 could not tell or\nwrong use - "
    "in these nothing was sent - 3 it was sent, and the end is not as it\n"
    "should be.";

int cli_restore(int argc, char **argv)
{
    struct restore_order r = {.work_dir = "."};
    bool list = false;
    const struct flag flags[] = {
        {"from", FLAG_TEXT, &r.wanted.from, "FROM",
         "the archive, or a folder of the storage"},
        {"to", FLAG_TEXT, &r.to, "ADDR", "the server, https://host:8200"},
        {"snapshot", FLAG_TEXT, &r.wanted.snapshot, "ID",
         "which of the folder's; the latest without"},
        {"cluster", FLAG_TEXT, &r.wanted.cluster, "NAME",
         "whose, where the folder has several"},
        {"list", FLAG_BOOL, &list, NULL,
         "only show which snapshots the folder has"},
        {"key-file", FLAG_TEXTS, &r.key_files, "FILE",
         "unseal key shares, one a line (repeatable)"},
        {"ask-keys", FLAG_BOOL, &r.ask_keys, NULL,
         "have shares typed in, unseen"},
        {"static-key-file", FLAG_TEXTS, &r.static_key_files, "FILE",
         "a key of OpenBao's static seal (repeatable)"},
        {"trusted-key", FLAG_TEXTS, &r.trusted_keys, "HEX",
         "believe manifests and verdicts that this key signed (repeatable)"},
        {"token-file", FLAG_TEXT, &r.token_file, "FILE",
         "a token of the target"},
        {"force", FLAG_BOOL, &r.force, NULL,
         "the target is another cluster, or a new one"},
        {"init", FLAG_BOOL, &r.init, NULL,
         "initialise a new server first; -yes is its address then"},
        {"override", FLAG_TEXTS, &r.overrides, "NAME",
         "go on in spite of this blocker of the plan (repeatable)"},
        {"dry-run", FLAG_BOOL, &r.dry_run, NULL, "stop after the plan"},
        {"yes", FLAG_TEXT, &r.yes, "NAME",
         "the target's name, instead of being asked"},
        {"settle", FLAG_DURATION, &r.settle_ms, "TIME",
         "how long the cluster may take afterwards (2m)"},
        {"work-dir", FLAG_TEXT, &r.work_dir, "DIR",
         "where a private directory is made and the safety snapshot kept"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay restore -from FROM -to ADDR [flags]",
        .about = about,
        .flags = flags,
    };
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? RESTORE_DONE : RESTORE_UNKNOWN;
    if (count != 0 || r.wanted.from == NULL || (r.to == NULL && !list)) {
        fprintf(stderr,
                "expected -from and -to, and nothing else\n\nUsage: "
                "%s\n",
                usage.usage);
        return RESTORE_UNKNOWN;
    }
    return list ? print_list(&r.wanted) : restore_course(&r);
}
