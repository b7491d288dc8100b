/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/snapshot.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/flags.h"
#include "cli/input.h"
#include "cli/prove.h"
#include "cli/snapshot_print.h"
#include "snapshot/compare.h"
#include "snapshot/reader.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_UNKNOWN = 2 };

static int exit_code(const struct error *err)
{
    return err->kind == ERR_CORRUPT ? EXIT_BAD : EXIT_UNKNOWN;
}

static int complain(const struct error *err)
{
    fprintf(stderr, "%s\n", err->text);
    return exit_code(err);
}

/* A second core pays for the two sums. */
static bool second_core(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN) > 1;
}

static int read_file(const char *name,
                     const struct snapshot_reader_options *options,
                     struct snapshot_facts *facts, struct error *err)
{
    struct input in = {.fd = -1};
    int rc = -1;

    if (input_open(&in, name, err) != 0) {
        return -1;
    }
    rc = snapshot_read_source(&in.source, options, NULL, facts, err);
    input_close(&in);
    return rc;
}

static int parse_format(const char *format, bool *json)
{
    *json = strcmp(format, "json") == 0;
    if (!*json && strcmp(format, "table") != 0) {
        fprintf(stderr, "-format: expected table or json\n");
        return -1;
    }
    return 0;
}

static int expect_files(const struct flags_usage *usage, int count, int wanted)
{
    if (count == wanted) {
        return 0;
    }
    fprintf(stderr, "expected %s\n\nUsage: %s\n",
            wanted == 1 ? "one FILE" : "two FILEs", usage->usage);
    return -1;
}

static int verify(int argc, char **argv)
{
    const char *format = "table";
    const struct flag flags[] = {
        {"format", FLAG_TEXT, &format, "FORMAT", "table (default) or json"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay snapshot verify [flags] FILE",
        .about = "Checks that an archive is intact: the gzip stream ends "
                 "cleanly, the four\nmembers are there, every sum matches, "
                 "and the state is made of well-formed\nentries in order.  "
                 "FILE may be - for standard input.\n\nExit code: 0 intact, "
                 "1 not intact, 2 could not tell.",
        .flags = flags,
    };
    struct snapshot_reader_options options = {.digest_archive = true,
                                              .helper_thread = second_core()};
    struct snapshot_facts facts;
    struct error why = {0};
    struct error err = {0};
    bool json = false;
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0) {
        return rc > 0 ? EXIT_GOOD : EXIT_UNKNOWN;
    }
    if (parse_format(format, &json) != 0 ||
        expect_files(&usage, count, 1) != 0) {
        return EXIT_UNKNOWN;
    }
    snapshot_facts_init(&facts);
    rc = read_file(argv[1], &options, &facts, &why);
    if (snapshot_print_verify(argv[1], &facts, rc == 0 ? NULL : &why, json,
                              &err) != 0) {
        (void)complain(&err);
        why.kind = err.kind;
        rc = -1;
    }
    snapshot_facts_done(&facts);
    return rc == 0 ? EXIT_GOOD : exit_code(&why);
}

/* With its keys the names inside can be read. */
static int inspect_unsealed(const struct prove_request *request, bool json)
{
    struct snapshot_proof proof;
    struct error err = {0};
    int rc = EXIT_UNKNOWN;

    snapshot_proof_init(&proof);
    if (prove_file(request, &proof, &err) != 0) {
        return complain(&err);
    }
    if (proof.keys != UNSEAL_OPENED) {
        fprintf(stderr, "%s\n", proof.keys_text);
    } else if (snapshot_print_inspect(request->file, &proof.facts,
                                      &proof.contents, json, &err) != 0) {
        (void)complain(&err);
    } else {
        rc = EXIT_GOOD;
    }
    snapshot_proof_done(&proof);
    return rc;
}

static int inspect(int argc, char **argv)
{
    const char *format = "table";
    struct flag_texts keys = {.count = 0};
    struct flag_texts statics = {.count = 0};
    struct prove_request unsealed = {
        .key_files = &keys, .static_key_files = &statics, .prefixes = true};
    const struct flag flags[] = {
        {"format", FLAG_TEXT, &format, "FORMAT", "table (default) or json"},
        {"key-file", FLAG_TEXTS, &keys, "FILE",
         "unseal key shares: show mounts by their paths (repeatable)"},
        {"static-key-file", FLAG_TEXTS, &statics, "FILE",
         "a key of OpenBao's static seal, for the same (repeatable)"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay snapshot inspect [flags] FILE",
        .about =
            "Shows what an archive holds: raft index and term, and the "
            "number and size of\nthe entries under each key prefix; with its "
            "keys mounts, auth methods and\nnamespaces by their "
            "paths.  The archive is checked as by verify.\nFILE may be - "
            "for standard input, without keys.\n\nExit code: 0 intact, 1 not "
            "intact, 2 could not tell.",
        .flags = flags,
    };
    struct snapshot_reader_options options = {.digest_archive = true,
                                              .prefixes = true,
                                              .helper_thread = second_core()};
    struct snapshot_facts facts;
    struct error err = {0};
    bool json = false;
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0) {
        return rc > 0 ? EXIT_GOOD : EXIT_UNKNOWN;
    }
    if (parse_format(format, &json) != 0 ||
        expect_files(&usage, count, 1) != 0) {
        return EXIT_UNKNOWN;
    }
    if (keys.count > 0 || statics.count > 0) {
        unsealed.file = argv[1];
        return inspect_unsealed(&unsealed, json);
    }
    snapshot_facts_init(&facts);
    if (read_file(argv[1], &options, &facts, &err) != 0) {
        error_prefix(&err, "%s", argv[1]);
        return complain(&err);
    }
    rc = snapshot_print_inspect(argv[1], &facts, NULL, json, &err);
    snapshot_facts_done(&facts);
    return rc == 0 ? EXIT_GOOD : complain(&err);
}

/* The same: 0, different: 1. */
static int compare_files(const char *left, const char *right,
                         struct snapshot_change_list *changes,
                         struct error *err)
{
    struct input a = {.fd = -1};
    struct input b = {.fd = -1};
    struct snapshot_facts left_facts;
    struct snapshot_facts right_facts;
    struct snapshot_comparison counts = {0};
    const struct snapshot_compare_options options = {
        .changed = snapshot_change_list_add,
        .ctx = changes,
        .left_name = left,
        .right_name = right,
        .left_facts = &left_facts,
        .right_facts = &right_facts,
        .digest_archives = true,
    };
    const struct snapshot_diff diff = {
        .left_file = left,
        .right_file = right,
        .left = &left_facts,
        .right = &right_facts,
        .counts = &counts,
        .changes = changes,
    };
    int rc = -1;

    snapshot_facts_init(&left_facts);
    snapshot_facts_init(&right_facts);
    if (input_open(&a, left, err) != 0 || input_open(&b, right, err) != 0 ||
        snapshot_compare(&a.source, &b.source, &options, &counts, err) != 0) {
        goto done;
    }
    snapshot_change_list_end(changes);
    if (snapshot_print_diff(&diff, err) != 0) {
        goto done;
    }
    rc = counts.added + counts.removed + counts.changed > 0;
done:
    snapshot_facts_done(&left_facts);
    snapshot_facts_done(&right_facts);
    input_close(&a);
    input_close(&b);
    return rc;
}

static int diff(int argc, char **argv)
{
    const char *format = "table";
    const char *limit_text = "100";
    const struct flag flags[] = {
        {"format", FLAG_TEXT, &format, "FORMAT", "table (default) or json"},
        {"changes", FLAG_TEXT, &limit_text, "N",
         "list at most N changed keys (default 100)"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay snapshot diff [flags] FILE FILE",
        .about = "Compares two archives entry by entry, byte by byte: which "
                 "keys were added (+),\nremoved (-) or changed (~) from the "
                 "first to the second.  Both are checked as by\nverify.\n\n"
                 "Exit code: 0 the same entries, 1 different or not intact, "
                 "2 could not tell.",
        .flags = flags,
    };
    struct snapshot_change_list changes;
    struct error err = {0};
    uint64_t limit = 0;
    bool json = false;
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0) {
        return rc > 0 ? EXIT_GOOD : EXIT_UNKNOWN;
    }
    if (parse_format(format, &json) != 0 ||
        expect_files(&usage, count, 2) != 0) {
        return EXIT_UNKNOWN;
    }
    if (!text_u64(limit_text, &limit)) {
        fprintf(stderr, "-changes: expected a number\n");
        return EXIT_UNKNOWN;
    }
    snapshot_change_list_init(&changes, json, limit);
    rc = compare_files(argv[1], argv[2], &changes, &err);
    snapshot_change_list_done(&changes);
    return rc >= 0 ? rc : complain(&err);
}

int cli_snapshot(int argc, char **argv)
{
    static const struct flags_choice choices[] = {
        {"verify", verify},   {"inspect", inspect}, {"diff", diff},
        {"prove", cli_prove}, {NULL, NULL},
    };

    return flags_choose(
        choices,
        "Usage: assay snapshot verify|inspect|diff|prove [flags] FILE "
        "[FILE]\n\n"
        "  verify FILE      is the archive intact?\n"
        "  inspect FILE     what does it hold?\n"
        "  diff FILE FILE   which entries differ?\n"
        "  prove FILE       does all of it decrypt, and is it the "
        "cluster's own?\n\n"
        "None of them needs a server.  assay snapshot COMMAND -h says "
        "more.\n",
        argc, argv);
}
