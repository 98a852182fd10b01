/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command line says, by the tables verbs.def and options.def. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The tool's exit codes. */
enum cli_exit {
    EXIT_DONE = 0,
    EXIT_DIFFERS = 1,
    EXIT_USAGE = 2,
    EXIT_ENVIRONMENT = 3,
    EXIT_DAMAGED = 4,
    EXIT_UNFIT = 5,
    EXIT_ABORTED = 6,
    EXIT_REFUSED = 7,
    EXIT_GUEST = 8,
    EXIT_BUG = 70,
};

enum cli_verb {
#define VERB(name, operands, files, what) VERB_##name,
#include "tool/verbs.def"
#undef VERB
    NR_VERBS
};

typedef const char *cli_type_STRING;
typedef const char *cli_type_INPUT;
typedef const char *cli_type_OUTPUT;
typedef const char *cli_type_SOCKET;
typedef uint64_t cli_type_COUNT;
typedef const char *cli_type_COUNTS;
typedef uint64_t cli_type_SIZE;
typedef bool cli_type_FLAG;

/* An option that may be repeated. */
#define CLI_LIST_MAX 64u
typedef struct cli_list {
    const char *items[CLI_LIST_MAX];
    size_t n;
} cli_type_LIST;

struct cli_options {
    const char *operand;  /* the first that is no option, or NULL */
    const char *operand2; /* of a verb that takes two */
    char **command;       /* of a verb that starts one: its words, NULL-terminated as argv is */
#define OPTION(field, name, kind, metavar, verbs, help) cli_type_##kind field;
#include "tool/options.def"
#undef OPTION
    struct files *files; /* those of this command line, from files_begin on */
    /* Which options were given, by the order of the table. */
    uint64_t given;
};

enum cli_option {
#define OPTION(field, name, kind, metavar, verbs, help) OPTION_##field,
#include "tool/options.def"
#undef OPTION
    NR_OPTIONS
};

static inline bool cli_given(const struct cli_options *options, enum cli_option option)
{
    return options->given >> option & 1;
}

/* A file that the command line names. */
struct cli_file {
    const char *what;  /* "--save" or "FILE" */
    const char **path; /* in the options */
    enum cli_file_role { CLI_INPUT, CLI_OUTPUT, CLI_SOCKET } role;
    enum cli_option option; /* NR_OPTIONS: an operand */
};
/* The next that was given, operands first; `at` begins at 0. False: there are no more. */
bool cli_next_file(enum cli_verb verb, struct cli_options *options, size_t *at,
                   struct cli_file *file);

/* The rows of verbs.def. */
struct cli_verb_row {
    const char *name, *operands, *files, *what;
};
extern const struct cli_verb_row cli_verbs[NR_VERBS];

const char *cli_verb_name(enum cli_verb verb);
/* Are the words behind its "--" a command of its own? */
bool cli_starts_command(enum cli_verb verb);

bool cli_takes(enum cli_verb verb, enum cli_option option);
/* NR_VERBS when there is none of this name. */
enum cli_verb cli_verb_of(const char *name);

/* EXIT_DONE, or EXIT_USAGE after words on stderr. Strings point into argv. */
enum cli_exit cli_parse(enum cli_verb verb, int argc, char **argv, struct cli_options *options);

/* The next count of a list that was parsed; false: none is left. */
bool cli_next_count(const char **counts, uint64_t *value);

void cli_help(FILE *to);
void cli_help_verb(FILE *to, enum cli_verb verb);
/* The synopsis and options part of vgic5(1), in roff; a bash completion. */
void cli_print_man(FILE *to);
void cli_print_completion(FILE *to);

/* One function a verb; the exit status of the tool. */
#define VERB(name, operands, files, what) int verb_##name(const struct cli_options *options);
#include "tool/verbs.def"
#undef VERB

#endif
