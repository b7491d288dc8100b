/* SPDX-License-Identifier: Apache-2.0 */
#include "access/key.h"

#include <string.h>

#include "base/digest.h"
#include "base/secret.h"
#include "base/text.h"
#include "store/store.h"

static const char meta_name[] = "access_key";

int access_key_load(struct store *store, uint8_t key[ACCESS_KEY_SIZE],
                    struct error *err)
{
    char hex[2 * ACCESS_KEY_SIZE + 1];
    uint8_t made[ACCESS_KEY_SIZE];
    struct error why = {0};
    int rc = -1;

    if (store_meta_get(store, meta_name, hex, sizeof(hex), &why) == 0) {
        if (text_unhex(hex, key, ACCESS_KEY_SIZE))
            rc = 0;
        else
            error_set(err, ERR_CORRUPT,
                      "the key that names tokens in the catalog is damaged");
        goto done;
    }
    if (why.kind != ERR_NOT_FOUND) {
        if (err != NULL)
            *err = why;
        goto done;
    }
    digest_random(made, sizeof(made));
    text_hex(made, sizeof(made), hex);
    if (store_meta_set(store, meta_name, hex, err) < 0)
        goto done;
    memcpy(key, made, sizeof(made));
    rc = 0;
done:
    secret_wipe(made, sizeof(made));
    secret_wipe(hex, sizeof(hex));
    return rc;
}
