/* SPDX-License-Identifier: Apache-2.0
 *
 * Every ceiling for what comes from outside, in one place, with its reason.
 * Bytes unless the name says otherwise. */
#ifndef ASSAY_BASE_LIMITS_H
#define ASSAY_BASE_LIMITS_H

enum {
    /* Requests to us.  Vault's own default for a body is 32 MiB, for
     * payloads that we do not have; ours are a few fields. */
    LIMIT_REQUEST_BODY = 64 * 1024,
    LIMIT_REQUEST_URL = 4 * 1024,
    LIMIT_REQUEST_HEADERS = 64,          /* count */
    LIMIT_CONNECTION_MEMORY = 16 * 1024, /* request line and all headers */
    /* Below the connection's memory: over that the library answers in HTML. */
    LIMIT_HEADER_BYTES = 8 * 1024,
    LIMIT_REPLY_BODY = 8 * 1024 * 1024, /* a full page with wide rows is 2 */
    LIMIT_JSON_DEPTH = 16,
    LIMIT_PAGE = 1000, /* rows in one page of a list */
    LIMIT_PAGE_DEFAULT = 100,
    LIMIT_WAIT_MS = 60 * 1000, /* the longest ?wait= */

    /* Answers from Vault that we hold in memory. */
    LIMIT_UPSTREAM_BODY = 8 * 1024 * 1024,
    LIMIT_UPSTREAM_PATH = 64 * 1024, /* of a secret, percent-encoded */
    LIMIT_SECRET_FILE = 16 * 1024,
    /* What goes into a transient server: a stanza with its comments; a key,
     * a credential or a bundle of CA certificates (Debian's has 220 KiB); a
     * license. */
    LIMIT_STANZA_FILE = 64 * 1024,
    LIMIT_SEAL_FILE = 1024 * 1024,
    LIMIT_CONFIG_FILE = 1024 * 1024,
    LIMIT_MANIFEST = 4 * 1024 * 1024,

    /* The archive (snapshot/): Vault refuses entries over
     * max_entry_size, 1 MiB by default, and its operators raise it to a few;
     * meta.json and the sums are a few hundred bytes. */
    LIMIT_SNAPSHOT_ENTRY = 64 * 1024 * 1024,
    LIMIT_SNAPSHOT_KEY = 64 * 1024,
    LIMIT_SNAPSHOT_MEMBER = 1024 * 1024,
    LIMIT_SNAPSHOT_PREFIXES = 8192,     /* two-segment prefixes, count */
    LIMIT_SNAPSHOT_PREFIX_LENGTH = 512, /* a mount's is under 64 */
    LIMIT_SNAPSHOT_SERVERS = 64,        /* raft peers kept, count */
    /* Inside it, once unsealed: a key is rotated every 4e9 uses or by hand;
     * a mount table with 8192 rows has 4 MiB. */
    LIMIT_KEY_TERMS = 1024,     /* count */
    LIMIT_CONTENTS_ROWS = 8192, /* of each kind, count */
    LIMIT_MOUNT_TABLE = 32 * 1024 * 1024,

    /* Calls to unseal a run, which needs no token: a round of key holders at
     * once, then one a second; for all runs together four times that. */
    LIMIT_UNSEAL_BURST = 20, /* count */
    LIMIT_UNSEAL_EVERY_MS = 1000,
    LIMIT_UNSEAL_BURST_ALL = 80, /* count */
    LIMIT_UNSEAL_EVERY_ALL_MS = 250,

    /* Credentials that came with approvals, until their restore uses them. */
    LIMIT_HANDED_TOKEN = 8 * 1024,
    LIMIT_HANDED_TOKENS = 64, /* count */

    /* A Terraform module of the operator's, copied for each run: text, and
     * perhaps a vendored module or two. */
    LIMIT_MODULE_FILES = 10000, /* count */
    LIMIT_MODULE_BYTES = 256 * 1024 * 1024,
    LIMIT_MODULE_DEPTH = 32, /* directories, count */
    LIMIT_TERRAFORM_STATE = 64 * 1024 * 1024,

    /* The audit record: an entry has a path, a few texts and the fields of a
     * request, each text cut. */
    LIMIT_AUDIT_ENTRY = 256 * 1024,
    LIMIT_AUDIT_TEXT = 1024,
    LIMIT_AUDIT_ITEMS = 32, /* of a list, count */
    /* Entries about callers whom nobody vouches for: enough for key holders,
     * and a flood of them stays a trickle on the disk. */
    LIMIT_AUDIT_STRANGERS = 100, /* at once, count */
    LIMIT_AUDIT_STRANGERS_EVERY_MS = 500,

    LIMIT_FINDINGS = 100, /* kept per check; the rest is counted */

    /* Inventories (proof/): a record is a name and a few settings, what is
     * long is hashed; the sorter keeps one chunk and opens that many files. */
    LIMIT_INVENTORY_LINE = 64 * 1024,
    LIMIT_INVENTORY_CHUNK = 4 * 1024 * 1024,
    LIMIT_INVENTORY_RUNS = 32,            /* count */
    LIMIT_WALK_PENDING = 4 * 1024 * 1024, /* names; then lists come singly */
    /* What one did not cover, kept while it is compared: a policy lacks a few
     * lines, or all. */
    LIMIT_INVENTORY_VEILS = 1024, /* count */

    /* Terraform opens some ten connections; two buffers each. */
    LIMIT_LOOPBACK_CONNECTIONS = 64, /* count */
    /* Modules in modules, three levels each, around a resource's own. */
    LIMIT_TERRAFORM_DEPTH = 64,
    /* A plan as JSON says each attribute some four times. */
    LIMIT_TERRAFORM_PLAN = 256 * 1024 * 1024,
};

#endif
