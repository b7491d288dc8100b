/* SPDX-License-Identifier: Apache-2.0
 *
 * Prove an archive with its key shares, in memory, without any server:
 * whether its sums were sealed by the cluster (authentic), and whether every
 * single entry decrypts (decryptable).  Plaintext is wiped as it goes; what
 * is kept are names. */
#ifndef ASSAY_SNAPSHOT_PROVE_H
#define ASSAY_SNAPSHOT_PROVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "snapshot/contents.h"
#include "snapshot/facts.h"
#include "snapshot/unseal.h"

enum snapshot_fault {
    SNAPSHOT_FAULT_DAMAGED,      /* the tag does not verify under its term */
    SNAPSHOT_FAULT_UNKNOWN_TERM, /* the keyring has no such term */
    SNAPSHOT_FAULT_NOT_SEALED,   /* not what the barrier writes */
};

/* "entry_damaged", "entry_unknown_term", "entry_not_sealed". */
const char *snapshot_fault_text(enum snapshot_fault fault);

struct snapshot_fault_row {
    enum snapshot_fault fault;
    uint32_t term; /* not for NOT_SEALED */
    char *key;     /* printable */
};

enum snapshot_sums {
    SNAPSHOT_SUMS_AUTHENTIC,
    SNAPSHOT_SUMS_DIFFER,     /* sealed sums of another archive */
    SNAPSHOT_SUMS_UNREADABLE, /* the sealed sums do not open */
};

struct snapshot_proof {
    enum unseal_outcome keys;
    char keys_text[ERROR_TEXT_MAX]; /* what to do; "" when OPENED */
    struct unseal_config seal;
    /* The rest only when OPENED. */
    enum snapshot_sums sums;
    uint64_t entries;   /* all of them: the sum of the next four */
    uint64_t verified;  /* decrypted */
    uint64_t clear;     /* stored in the clear by every healthy server */
    uint64_t uncovered; /* in namespaces whose own seal was not opened */
    uint64_t faults;    /* do not decrypt */
    struct snapshot_fault_row *fault_rows; /* the first LIMIT_FINDINGS */
    size_t fault_rows_count;
    struct contents contents;
    struct snapshot_facts facts;
};

struct snapshot_prove_options {
    const char *const *shares;   /* text, as the server printed them; secret */
    size_t shares_count;         /* 0: only asks how it is sealed */
    struct unseal_keys statics;  /* for a static seal; tried in turn */
    unsigned threads;            /* that decrypt; 0: one per core */
    bool digest_archive;         /* fill facts.sha256 */
    bool prefixes;               /* fill facts.prefixes */
    const struct cancel *cancel; /* may be NULL */
};

void snapshot_proof_init(struct snapshot_proof *proof);
/* Accepts a zeroed one. */
void snapshot_proof_done(struct snapshot_proof *proof);

/* Read `archive` to core/keyring, which is early, then again from the first
 * byte to its end: it must be able to rewind (ERR_INVALID).  Memory is
 * constant: some MiB for each thread, an entry, and what `contents` holds.
 *
 * 0 and `proof` filled (to be released), whatever it says.  -1 with
 * ERR_CORRUPT for an archive that is not intact, with ERR_CANCELLED, or with
 * the source's own error; nothing to release then. */
int snapshot_prove(const struct source *archive,
                   const struct snapshot_prove_options *options,
                   struct snapshot_proof *proof, struct error *err) MUST_USE;

#endif
