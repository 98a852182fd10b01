/* SPDX-License-Identifier: BSD-3-Clause */
/* vgic5 VERB [OPTIONS]: finds the verb and hands over. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <unicorn/unicorn.h>

#include <vgic5/device.h>

#include "snapshot/pipes.h"
#include "tool/report.h"
#include "tool/words.h"

static int (*const run_verb[NR_VERBS])(const struct cli_options *) = {
#define VERB(name, operands, what) verb_##name,
#include "tool/verbs.def"
#undef VERB
};

static void print_version(void)
{
    unsigned major, minor;

    uc_version(&major, &minor);
    say(stdout, "%s\n", vgic5_version());
    say(stdout, "libraries: BSD-3-Clause\n");
    say(stdout, "this tool: GPL-2, through Unicorn %u.%u which it links\n", major, minor);
}

/* What is asked of the tool itself; false when the first word is none of it. */
static bool about_the_tool(const char *word)
{
    if (strcmp(word, "--version") == 0)
        print_version();
    else if (strcmp(word, "--help") == 0)
        cli_help(stdout);
    else if (strcmp(word, "--print-man") == 0)
        cli_print_man(stdout);
    else if (strcmp(word, "--print-completion") == 0)
        cli_print_completion(stdout);
    else
        return false;
    return true;
}

/* A file that is opened later must not become stdin, stdout or stderr. */
static void occupy_standard_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* These read their files more than once, and not from front to back. */
static bool reads_anywhere(enum cli_verb verb)
{
    return verb == VERB_inspect || verb == VERB_verify || verb == VERB_diff ||
           verb == VERB_convert || verb == VERB_flatten;
}

static enum cli_exit run(enum cli_verb verb, struct cli_options *options)
{
    struct spooled spooled[2];
    struct vgic5_error error = {0};

    if (reads_anywhere(verb) &&
        (pipe_spool(&options->operand, &spooled[0], &error) != 0 ||
         (verb == VERB_diff && pipe_spool(&options->operand2, &spooled[1], &error) != 0)))
        return (enum cli_exit)report_error(verb, &error);
    return (enum cli_exit)run_verb[verb](options);
}

int main(int argc, char **argv)
{
    struct cli_options options;
    enum cli_verb verb;
    enum cli_exit status;

    occupy_standard_streams();
    if (argc < 2) {
        cli_help(stderr);
        return EXIT_USAGE;
    }
    if (about_the_tool(argv[1]))
        return EXIT_DONE;
    verb = cli_verb_of(argv[1]);
    if (verb == NR_VERBS) {
        say(stderr, "vgic5: no verb '%s'; see vgic5 --help\n", argv[1]);
        return EXIT_USAGE;
    }
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            cli_help_verb(stdout, verb);
            return EXIT_DONE;
        }
    status = cli_parse(verb, argc - 2, argv + 2, &options);
    if (verb == VERB_run || verb == VERB_restore)
        signal(SIGPIPE, SIG_IGN); /* a guest goes on without a listener; see console_output */
    return (int)(status != EXIT_DONE ? status : run(verb, &options));
}
