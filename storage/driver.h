/* SPDX-License-Identifier: Apache-2.0
 *
 * What a storage driver is: this table.  storage.c checks keys and arguments
 * and keeps the promises of storage.h that are the same for all; a driver
 * does the work.  tests/unit/storage/contract_test.c runs against each. */
#ifndef ASSAY_STORAGE_DRIVER_H
#define ASSAY_STORAGE_DRIVER_H

#include "storage/storage.h"

/* Every `self` is what open gave; every key has passed storage_key_valid.
 * Contracts are those of the function of the same name in storage.h. */
struct storage_driver {
    const char *type;
    int (*open)(const struct storage_options *o, void **self,
                struct error *err);
    void (*close)(void *self);
    void (*location)(void *self, const char *key, char *out, size_t size);

    int (*writer_open)(void *self, const char *key, void **writer,
                       struct error *err);
    int (*writer_write)(void *writer, const void *data, size_t len,
                        struct error *err);
    int (*writer_commit)(void *writer, struct error *err);
    void (*writer_abort)(void *writer);

    int (*reader_open)(void *self, const char *key, void **reader,
                       struct source *source, struct error *err);
    void (*reader_close)(void *reader);

    int (*stat)(void *self, const char *key, struct storage_stat *out,
                struct error *err);
    int (*remove)(void *self, const char *key, struct error *err);
    int (*free_space)(void *self, uint64_t *bytes, struct error *err);
    int (*list)(void *self, const char *prefix,
                int (*each)(void *ctx, const char *key,
                            const struct storage_stat *stat, struct error *err),
                void *ctx, struct error *err);
    int (*sweep)(void *self, unsigned *removed, struct error *err);
};

extern const struct storage_driver storage_local;

#endif
