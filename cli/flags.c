/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flags.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

static const struct flag *find(const struct flag *flags, const char *name,
                               size_t len)
{
    for (; flags->name != NULL; flags++)
        if (strlen(flags->name) == len && memcmp(flags->name, name, len) == 0)
            return flags;
    return NULL;
}

static int unknown(const struct flag *flags, const char *name, size_t len,
                   struct error *err)
{
    char word[64];
    struct nearest nearest;
    const char *best = NULL;

    if (len >= sizeof(word))
        len = sizeof(word) - 1;
    memcpy(word, name, len);
    word[len] = '\0';
    nearest_init(&nearest, word);
    for (; flags->name != NULL; flags++)
        nearest_offer(&nearest, flags->name);
    best = nearest_best(&nearest);
    if (best != NULL)
        return error_set(err, ERR_INVALID,
                         "unknown flag -%s; did you mean -%s?", word, best);
    return error_set(err, ERR_INVALID, "unknown flag -%s", word);
}

static int add(const struct flag *flag, const char *value, struct error *err)
{
    struct flag_texts *texts = flag->value;

    if (texts->count == FLAG_TEXTS_MAX)
        return error_set(err, ERR_INVALID, "-%s: given more than %d times",
                         flag->name, FLAG_TEXTS_MAX);
    texts->items[texts->count++] = value;
    return 0;
}

static int put(const struct flag *flag, const char *value, struct error *err)
{
    switch (flag->type) {
    case FLAG_BOOL:
        if (text_bool(value, flag->value))
            return 0;
        return error_set(err, ERR_INVALID, "-%s: expected true or false",
                         flag->name);
    case FLAG_TEXT:
        memcpy(flag->value, &value, sizeof(value));
        return 0;
    case FLAG_TEXTS:
        return add(flag, value, err);
    case FLAG_DURATION:
        if (text_duration_ms(value, flag->value))
            return 0;
        return error_set(err, ERR_INVALID,
                         "-%s: expected a duration, such as \"90s\"",
                         flag->name);
    }
    return error_set(err, ERR_INTERNAL, "-%s: no such type", flag->name);
}

static bool is_flag(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0'; /* "-" is a file */
}

static bool asks_for_help(const char *arg)
{
    return strcmp(arg, "-h") == 0 || strcmp(arg, "-help") == 0 ||
           strcmp(arg, "--help") == 0;
}

/* One flag, at argv[*i]; *i moves on to its value if that stands apart. */
static int parse_one(const struct flag *flags, int argc, char **argv, int *i,
                     struct error *err)
{
    const char *name = argv[*i] + (argv[*i][1] == '-' ? 2 : 1);
    size_t len = strcspn(name, "=");
    const struct flag *flag = find(flags, name, len);

    if (flag == NULL)
        return unknown(flags, name, len, err);
    if (name[len] == '=')
        return put(flag, name + len + 1, err);
    if (flag->type == FLAG_BOOL)
        return put(flag, "true", err);
    if (*i + 1 >= argc)
        return error_set(err, ERR_INVALID, "-%s needs a value: %s", flag->name,
                         flag->placeholder);
    return put(flag, argv[++*i], err);
}

int flags_parse(const struct flag *flags, int argc, char **argv, int *count,
                struct error *err)
{
    int kept = 0;
    bool flags_ended = false;

    assert(argc >= 1);
    for (int i = 1; i < argc; i++) {
        if (!flags_ended && strcmp(argv[i], "--") == 0) {
            flags_ended = true;
        } else if (!flags_ended && asks_for_help(argv[i])) {
            return 1;
        } else if (!flags_ended && is_flag(argv[i])) {
            if (parse_one(flags, argc, argv, &i, err) != 0)
                return -1;
        } else {
            argv[1 + kept++] = argv[i];
        }
    }
    *count = kept;
    return 0;
}

void flags_print_usage(const struct flags_usage *usage, FILE *out)
{
    fprintf(out, "Usage: %s\n\n%s\n", usage->usage, usage->about);
    if (usage->flags == NULL || usage->flags->name == NULL)
        return;
    fputs("\nFlags:\n", out);
    for (const struct flag *f = usage->flags; f->name != NULL; f++) {
        char left[48];

        (void)snprintf(left, sizeof(left), "-%s%s%s", f->name,
                       f->placeholder != NULL ? "=" : "",
                       f->placeholder != NULL ? f->placeholder : "");
        fprintf(out, "  %-22s %s\n", left, f->help);
    }
}

int flags_command(const struct flags_usage *usage, int argc, char **argv,
                  int *count)
{
    static const struct flag none[] = {{0}};
    struct error err = {0};
    int rc = flags_parse(usage->flags != NULL ? usage->flags : none, argc, argv,
                         count, &err);

    if (rc < 0)
        fprintf(stderr, "%s\n\nUsage: %s\n", err.text, usage->usage);
    else if (rc > 0)
        flags_print_usage(usage, stdout);
    return rc;
}

int flags_choose(const struct flags_choice *choices, const char *usage,
                 int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    for (; choices->name != NULL; choices++)
        if (strcmp(choices->name, name) == 0)
            return choices->run(argc - 1, argv + 1);
    if (asks_for_help(name)) {
        fputs(usage, stdout);
        return 0;
    }
    if (name[0] != '\0')
        fprintf(stderr, "unknown command \"%s\"\n\n", name);
    fputs(usage, stderr);
    return 2;
}
