/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_STRING, KIND_COUNT, KIND_COUNTS, KIND_SIZE, KIND_FLAG, KIND_LIST };

#define FOR(verb) (1u << VERB_##verb)

struct option {
    const char *name, *metavar, *help;
    enum kind kind;
    uint32_t verbs;
    size_t offset;
};

static const struct option table[NR_OPTIONS] = {
#define OPTION(field, name, kind, metavar, verbs, help) \
    {name, metavar, help, KIND_##kind, verbs, offsetof(struct cli_options, field)},
#include "tool/options.def"
#undef OPTION
};

static const struct {
    const char *name, *operands, *what;
} verbs[NR_VERBS] = {
#define VERB(name, operands, what) {#name, operands, what},
#include "tool/verbs.def"
#undef VERB
};

const char *cli_verb_name(enum cli_verb verb)
{
    return verbs[verb].name;
}

bool cli_takes(enum cli_verb verb, enum cli_option option)
{
    return table[option].verbs & 1u << verb;
}

enum cli_verb cli_verb_of(const char *name)
{
    for (enum cli_verb verb = 0; verb < NR_VERBS; verb++)
        if (strcmp(verbs[verb].name, name) == 0)
            return verb;
    return NR_VERBS;
}

/* A number with an optional K, M or G; false when it is none or does not fit. */
static bool parse_number(const char *text, bool suffix_allowed, uint64_t *value)
{
    static const char suffixes[] = "KMG";
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, 0);
    if (errno != 0)
        return false;
    if (suffix_allowed && *end != '\0') {
        const char *at = strchr(suffixes, *end);
        unsigned shift = at ? 10 * (unsigned)(at - suffixes + 1) : 0;
        if (!at || *value > UINT64_MAX >> shift)
            return false;
        *value <<= shift;
        end++;
    }
    return *end == '\0';
}

bool cli_next_count(const char **counts, uint64_t *value)
{
    char *end;

    if (!*counts || **counts < '0' || **counts > '9')
        return false;
    errno = 0;
    *value = strtoull(*counts, &end, 0);
    *counts = *end == ',' ? end + 1 : end;
    return errno == 0;
}

/* N,N,...: each greater than the one before. */
static bool parse_counts(const char *text, const char **field)
{
    uint64_t last = 0, value;
    const char *at = text;

    *field = text;
    for (bool first = true; cli_next_count(&at, &value); first = false) {
        if (!first && value <= last)
            return false;
        last = value;
        if (*at == '\0')
            return at[-1] != ',';
        if (at[-1] != ',')
            return false;
    }
    return false;
}

static bool store(const struct option *option, const char *argument, struct cli_options *options)
{
    void *field = (char *)options + option->offset;

    switch (option->kind) {
    case KIND_STRING:
        *(const char **)field = argument;
        return true;
    case KIND_COUNT:
        return parse_number(argument, false, field);
    case KIND_COUNTS:
        return parse_counts(argument, field);
    case KIND_SIZE:
        return parse_number(argument, true, field);
    case KIND_FLAG:
        *(bool *)field = true;
        return true;
    case KIND_LIST:
        if (((struct cli_list *)field)->n == CLI_LIST_MAX)
            return false;
        ((struct cli_list *)field)->items[((struct cli_list *)field)->n++] = argument;
        return true;
    }
    return false;
}

static const struct option *find(enum cli_verb verb, const char *name, size_t length)
{
    for (size_t i = 0; i < NR_OPTIONS; i++)
        if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0 &&
            (table[i].verbs >> verb & 1))
            return &table[i];
    return NULL;
}

static enum cli_exit usage(enum cli_verb verb, const char *what, const char *about)
{
    fprintf(stderr, "vgic5: %s: %s%s%s; see vgic5 %s --help\n", verbs[verb].name, what,
            about ? " " : "", about ? about : "", verbs[verb].name);
    return EXIT_USAGE;
}

/* One option at argv[*i]; advances over its argument. */
static enum cli_exit parse_option(enum cli_verb verb, int argc, char **argv, int *i,
                                  struct cli_options *options)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const struct option *option = find(verb, name, length);
    const char *argument = equals ? equals + 1 : NULL;

    if (!option)
        return usage(verb, "unknown option", argv[*i]);
    if (option->kind == KIND_FLAG && argument)
        return usage(verb, "an argument for", argv[*i]);
    if (option->kind != KIND_FLAG && !argument) {
        if (*i + 1 >= argc)
            return usage(verb, "no argument for", argv[*i]);
        argument = argv[++*i];
    }
    if (!store(option, argument, options))
        return usage(
            verb, option->kind == KIND_LIST ? "too many options like" : "not a number:", argument);
    options->given |= 1ull << (option - table);
    return EXIT_DONE;
}

/* Operands are named in capitals or alternatives, with spaces between them. */
static int nr_operands(enum cli_verb verb)
{
    const char *operands = verbs[verb].operands;
    int n = *operands != '\0';

    for (; *operands != '\0'; operands++)
        n += *operands == ' ';
    return n;
}

static enum cli_exit take_operand(enum cli_verb verb, const char *text, struct cli_options *options)
{
    int taken = !!options->operand + !!options->operand2;

    if (taken >= nr_operands(verb))
        return usage(verb, "unexpected", text);
    *(taken == 0 ? &options->operand : &options->operand2) = text;
    return EXIT_DONE;
}

enum cli_exit cli_parse(enum cli_verb verb, int argc, char **argv, struct cli_options *options)
{
    bool only_operands = false;

    memset(options, 0, sizeof(*options));
    for (int i = 0; i < argc; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && strncmp(argv[i], "--", 2) == 0) {
            enum cli_exit status = parse_option(verb, argc, argv, &i, options);
            if (status != EXIT_DONE)
                return status;
        } else {
            enum cli_exit status = take_operand(verb, argv[i], options);
            if (status != EXIT_DONE)
                return status;
        }
    }
    if (!!options->operand + !!options->operand2 < nr_operands(verb))
        return usage(verb, "missing:", verbs[verb].operands);
    return EXIT_DONE;
}

void cli_help(FILE *to)
{
    fprintf(to, "usage: vgic5 VERB [OPTIONS]\n\n");
    for (enum cli_verb verb = 0; verb < NR_VERBS; verb++)
        fprintf(to, "  %-8s %-13s %s\n", verbs[verb].name, verbs[verb].operands, verbs[verb].what);
    fprintf(to, "\n  vgic5 VERB --help   the verb's options\n  vgic5 --version\n");
}

void cli_help_verb(FILE *to, enum cli_verb verb)
{
    fprintf(to, "usage: vgic5 %s [OPTIONS]%s%s\n%s\n\n", verbs[verb].name,
            *verbs[verb].operands != '\0' ? " " : "", verbs[verb].operands, verbs[verb].what);
    for (size_t i = 0; i < NR_OPTIONS; i++) {
        char left[64];

        if (!(table[i].verbs >> verb & 1))
            continue;
        snprintf(left, sizeof(left), "--%s %s", table[i].name, table[i].metavar);
        fprintf(to, "  %-24s %s\n", left, table[i].help);
    }
}

void cli_print_man(FILE *to)
{
    for (enum cli_verb verb = 0; verb < NR_VERBS; verb++) {
        fprintf(to, ".SS vgic5 %s [OPTIONS] %s\n%s.\n", verbs[verb].name, verbs[verb].operands,
                verbs[verb].what);
        for (size_t i = 0; i < NR_OPTIONS; i++)
            if (table[i].verbs >> verb & 1)
                fprintf(to, ".TP\n.BI \\-\\-%s \" %s\"\n%s.\n", table[i].name, table[i].metavar,
                        table[i].help);
    }
}

void cli_print_completion(FILE *to)
{
    fprintf(to, "_vgic5() {\n    local verb=${COMP_WORDS[1]} words\n    case $COMP_CWORD in\n"
                "    1) words=\"");
    for (enum cli_verb verb = 0; verb < NR_VERBS; verb++)
        fprintf(to, "%s ", verbs[verb].name);
    fprintf(to, "--version --help\" ;;\n    *) case $verb in\n");
    for (enum cli_verb verb = 0; verb < NR_VERBS; verb++) {
        fprintf(to, "        %s) words=\"", verbs[verb].name);
        for (size_t i = 0; i < NR_OPTIONS; i++)
            if (table[i].verbs >> verb & 1)
                fprintf(to, "--%s ", table[i].name);
        fprintf(to, "--help\" ;;\n");
    }
    fprintf(to, "        esac ;;\n    esac\n"
                "    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
                "complete -o default -F _vgic5 vgic5\n");
}
