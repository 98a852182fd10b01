/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/options.h"

#include <stddef.h>
#include <string.h>

#include <vgic5/device.h>

#include "tool/number.h"
#include "tool/report.h"
#include "vcpu/memory.h"

#define MOST_RAM (UINT64_C(15) << 40) /* physical addresses of the vCPU have 44 bits */

enum kind {
    KIND_STRING,
    KIND_INPUT,
    KIND_OUTPUT,
    KIND_SOCKET,
    KIND_COUNT,
    KIND_COUNTS,
    KIND_SIZE,
    KIND_FLAG,
    KIND_LIST
};

#define FOR(verb) (1u << VERB_##verb)
#define OPERANDS 2u /* at most */

struct option {
    const char *words, *name, *metavar, *help;
    enum kind kind;
    uint32_t verbs;
    size_t offset;
};

static const struct option table[NR_OPTIONS] = {
#define OPTION(field, name, kind, metavar, verbs, help) \
    {"--" name, name, metavar, help, KIND_##kind, verbs, offsetof(struct cli_options, field)},
#include "tool/options.def"
#undef OPTION
};

bool cli_takes(enum cli_verb verb, enum cli_option option)
{
    return table[option].verbs & 1u << verb;
}

/* What a number may be. Of those that are not here: any 64-bit number. */
static const struct limits {
    uint64_t low, high, step;
    const char *words;
} limits[NR_OPTIONS] = {
    [OPTION_smp] = {1, VGIC5_MAX_VCPUS, 1, "1 to 512"},
    [OPTION_mem] = {MEMORY_BLOCK, MOST_RAM, MEMORY_BLOCK, "a multiple of 2M from 2M to 15T"},
    [OPTION_save_after] = {0, UINT32_MAX, 1, "0 to 4294967295 seconds"},
    [OPTION_vcpu] = {0, UINT32_MAX, 1, "a vCPU's id"},
};

static const char *limits_words(const struct option *option)
{
    const struct limits *limit = &limits[option - table];

    return limit->words ? limit->words : "0 to 18446744073709551615";
}

static bool is_within(const struct option *option, uint64_t value)
{
    const struct limits *limit = &limits[option - table];

    return !limit->words ||
           (value >= limit->low && value <= limit->high && value % limit->step == 0);
}

bool cli_next_count(const char **counts, uint64_t *value)
{
    const char *end;

    if (!*counts || number_read(*counts, NUMBER_PLAIN, &end, value))
        return false;
    *counts = *end == ',' ? end + 1 : end;
    return true;
}

/* "--smp is 'two': why, expected …" */
static enum cli_exit bad_value(enum cli_verb verb, const struct option *option, const char *text,
                               const char *why, const char *expected)
{
    return (enum cli_exit)report(verb, EXIT_USAGE, "--%s is '%s': %s, expected %s", option->name,
                                 text, why, expected);
}

static enum cli_exit store_number(enum cli_verb verb, const struct option *option, const char *text,
                                  uint64_t *value)
{
    bool is_size = option->kind == KIND_SIZE;
    const char *end,
        *why = number_read(text, is_size ? NUMBER_OF_BYTES : NUMBER_PLAIN, &end, value);

    if (!why && *end != '\0')
        why = is_size ? "only K, M, G or T may follow the number" : "something follows the number";
    if (!why && !is_within(option, *value))
        why = "out of range";
    return why ? bad_value(verb, option, text, why, limits_words(option)) : EXIT_DONE;
}

/* N,N,...: each greater than the one before. */
static enum cli_exit store_counts(enum cli_verb verb, const struct option *option, const char *text,
                                  const char **field)
{
    static const char expected[] = "N or N,N,... that ascend, each 0 to 18446744073709551615";
    const char *at = *field = text, *end, *why;
    uint64_t last = 0, value;

    for (;; at = end + 1, last = value) {
        why = number_read(at, NUMBER_PLAIN, &end, &value);
        if (!why && *end != '\0' && *end != ',')
            why = "something follows a number";
        if (!why && at != text && value <= last)
            why = "a count is not greater than the one before it";
        if (why)
            return bad_value(verb, option, text, why, expected);
        if (*end == '\0')
            return EXIT_DONE;
    }
}

static enum cli_exit store(enum cli_verb verb, const struct option *option, const char *argument,
                           struct cli_options *options)
{
    void *field = (char *)options + option->offset;
    struct cli_list *list = field;

    switch (option->kind) {
    case KIND_STRING:
    case KIND_INPUT:
    case KIND_OUTPUT:
    case KIND_SOCKET:
        *(const char **)field = argument;
        return EXIT_DONE;
    case KIND_COUNT:
    case KIND_SIZE:
        return store_number(verb, option, argument, field);
    case KIND_COUNTS:
        return store_counts(verb, option, argument, field);
    case KIND_FLAG:
        *(bool *)field = true;
        return EXIT_DONE;
    case KIND_LIST:
        if (list->n == CLI_LIST_MAX)
            return (enum cli_exit)report(verb, EXIT_USAGE, "--%s more than %u times", option->name,
                                         CLI_LIST_MAX);
        list->items[list->n++] = argument;
        return EXIT_DONE;
    }
    return EXIT_BUG;
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
    return (enum cli_exit)report(verb, EXIT_USAGE, "%s%s%s; see vgic5 %s --help", what,
                                 about ? " " : "", about ? about : "", cli_verbs[verb].name);
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
    options->given |= 1ull << (option - table);
    return store(verb, option, argument, options);
}

/* Operands are named in capitals or alternatives, with spaces between them. */
static int nr_operands(enum cli_verb verb)
{
    const char *operands = cli_verbs[verb].operands;
    int n = *operands != '\0' && !cli_starts_command(verb);

    for (; n > 0 && *operands != '\0'; operands++)
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

static bool take_command(enum cli_verb verb, char **argv, struct cli_options *options)
{
    if (!cli_starts_command(verb) || strcmp(argv[0], "--") != 0)
        return false;
    options->command = argv + 1;
    return true;
}

static enum cli_exit check_operands(enum cli_verb verb, const struct cli_options *options)
{
    bool lacks_command =
        cli_starts_command(verb) && (!options->command || options->command[0] == NULL);

    if (lacks_command || !!options->operand + !!options->operand2 < nr_operands(verb))
        return usage(verb, "missing:", cli_verbs[verb].operands);
    return EXIT_DONE;
}

enum cli_exit cli_parse(enum cli_verb verb, int argc, char **argv, struct cli_options *options)
{
    bool only_operands = false;

    memset(options, 0, sizeof(*options));
    for (int i = 0; i < argc; i++) {
        if (take_command(verb, argv + i, options))
            break;
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
    return check_operands(verb, options);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static bool is_operand_file(enum cli_verb verb, struct cli_options *options, size_t n,
                            struct cli_file *file)
{
    const char *roles = cli_verbs[verb].files;
    const char **path = n == 0 ? &options->operand : &options->operand2;

    if (n >= strlen(roles) || roles[n] == '-')
        return false;
    *file = roles[n] == 'i' ? (struct cli_file){"FILE", path, CLI_INPUT, NR_OPTIONS}
                            : (struct cli_file){"NEW", path, CLI_OUTPUT, NR_OPTIONS};
    return true;
}

static bool is_option_file(struct cli_options *options, size_t n, struct cli_file *file)
{
    static const struct {
        enum kind kind;
        enum cli_file_role role;
    } roles[] = {{KIND_INPUT, CLI_INPUT}, {KIND_OUTPUT, CLI_OUTPUT}, {KIND_SOCKET, CLI_SOCKET}};

    for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
        if (table[n].kind != roles[i].kind || !cli_given(options, (enum cli_option)n))
            continue;
        *file =
            (struct cli_file){table[n].words, (const char **)((char *)options + table[n].offset),
                              roles[i].role, (enum cli_option)n};
        return true;
    }
    return false;
}

bool cli_next_file(enum cli_verb verb, struct cli_options *options, size_t *at,
                   struct cli_file *file)
{
    while (*at < OPERANDS + NR_OPTIONS) {
        size_t n = (*at)++;

        if (n < OPERANDS ? is_operand_file(verb, options, n, file)
                         : is_option_file(options, n - OPERANDS, file))
            return true;
    }
    return false;
}

/* ---- Help ------------------------------------------------------------------------------------ */

void cli_help(FILE *to)
{
    fprintf(to, "usage: vgic5 VERB [OPTIONS]\n\n");
    for (enum cli_verb verb = 0; verb < NR_VERBS; verb++)
        fprintf(to, "  %-8s %-13s %s\n", cli_verbs[verb].name, cli_verbs[verb].operands,
                cli_verbs[verb].what);
    fprintf(to, "\n  vgic5 VERB --help   the verb's options\n  vgic5 --version\n");
}

void cli_help_verb(FILE *to, enum cli_verb verb)
{
    fprintf(to, "usage: vgic5 %s [OPTIONS]%s%s\n%s\n\n", cli_verbs[verb].name,
            *cli_verbs[verb].operands != '\0' ? " " : "", cli_verbs[verb].operands,
            cli_verbs[verb].what);
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
        fprintf(to, ".SS vgic5 %s [OPTIONS] %s\n%s.\n", cli_verbs[verb].name,
                cli_verbs[verb].operands, cli_verbs[verb].what);
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
        fprintf(to, "%s ", cli_verbs[verb].name);
    fprintf(to, "--version --help\" ;;\n    *) case $verb in\n");
    for (enum cli_verb verb = 0; verb < NR_VERBS; verb++) {
        fprintf(to, "        %s) words=\"", cli_verbs[verb].name);
        for (size_t i = 0; i < NR_OPTIONS; i++)
            if (table[i].verbs >> verb & 1)
                fprintf(to, "--%s ", table[i].name);
        fprintf(to, "--help\" ;;\n");
    }
    fprintf(to, "        esac ;;\n    esac\n"
                "    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
                "complete -o default -F _vgic5 vgic5\n");
}
