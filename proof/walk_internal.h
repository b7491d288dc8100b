/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the walk share: walk.c (begin and end), walk_next.c (what
 * to ask next), walk_answer.c (what an answer means).  Nobody else includes
 * this.
 *
 * What is to be asked waits in a stack of frames, the newest first, so that a
 * tree is walked in depth and its folders do not pile up. */
#ifndef ASSAY_PROOF_WALK_INTERNAL_H
#define ASSAY_PROOF_WALK_INTERNAL_H

#include "base/buf.h"
#include "base/tape.h"
#include "proof/inventory_writer.h"
#include "proof/probes.h"
#include "proof/shape.h"
#include "proof/walk.h"
#include "vault/many.h"

enum { ENGINE_MAX = 64 };

/* A mount in a namespace; shared by all that is asked there. */
struct walk_place {
    char *namespace; /* "" or "team/sub/" */
    char *mount;     /* "secret/", "auth/approle/", "sys/" */
    unsigned refs;
    bool no_detailed, no_scan; /* tried, and not to be had here */
};

/* Either the table's rows for an engine (probe NULL), or names that a list
 * gave, one after the other with their NULs. */
struct walk_frame {
    struct walk_frame *below;
    struct walk_place *place;
    char engine[ENGINE_MAX];
    size_t row; /* the next of the table */
    const struct probe *probe;
    char *folder; /* "" or "shop/deep/" */
    char *names;
    size_t len, at;
    bool more;   /* a list is still to be asked for, */
    char *after; /* beginning behind this name; or NULL */
    unsigned limit;
};

enum walk_job_kind { WALK_LIST, WALK_SCAN, WALK_READ };

/* A request under way. */
struct walk_job {
    struct walk_job *sibling; /* of all there are */
    struct walk_job *next;    /* in `spare` */
    enum walk_job_kind kind;
    struct walk_place *place;
    const struct probe *probe;
    bool detailed;
    unsigned limit;    /* of a page; 0: all */
    struct buf folder; /* of a list, or of the name */
    struct buf name;   /* of what is read; behind which a page begins */
    struct buf path;   /* of the request */
};

struct walk {
    const struct walk_options *o;
    struct walk_result *result;
    bool openbao;
    struct inventory_writer *writer;
    struct tape *tape;
    struct shape shape;
    struct walk_frame *top;
    size_t pending; /* bytes of names in frames */
    unsigned lists; /* under way */
    uint64_t answers;
    struct walk_job *all, *spare;
    struct buf query, path, text;
};

/* walk_next.c */
struct walk_place *walk_place_new(const char *namespace, const char *mount);
void walk_place_drop(struct walk_place *p);
/* The rows of `engine` at a place, which it holds from now on. */
int walk_push_engine(struct walk *w, struct walk_place *place,
                     const char *engine, struct error *err);
/* Names that the job's list gave (taken over), and whether there are more
 * behind `after`.  Nothing happens without either. */
struct walk_names {
    char *names;
    size_t len;
    bool more;
    const char *after;
    unsigned limit;
};
int walk_push_names(struct walk *w, const struct walk_job *job,
                    const struct walk_names *names, struct error *err);
/* The system and all that is mounted in a namespace. */
int walk_push_namespace(struct walk *w, const char *namespace,
                        struct error *err);
/* vault/many.h asks. */
int walk_next(void *ctx, struct vault_many_request *q, struct error *err);
void walk_job_spare(struct walk *w, struct walk_job *job);
void walk_frames_free(struct walk *w);

/* walk_answer.c */
int walk_done(void *ctx, void *tag, struct vault_many_answer *a,
              struct error *err);
/* shape's fields as a record. */
int walk_add(struct walk *w, const char *kind, const char *path,
             struct error *err);

#endif
