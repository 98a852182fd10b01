/* SPDX-License-Identifier: BSD-3-Clause */
/* vgic5 VERB [OPTIONS]: finds the verb and hands over. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vgic5/device.h>

#include "tool/engine.h"
#include "tool/gic_option.h"
#include "tool/files.h"
#include "tool/report.h"
#include "tool/words.h"

static int (*const run_verb[NR_VERBS])(const struct cli_options *) = {
#define VERB(name, operands, files, what) verb_##name,
#include "tool/verbs.def"
#undef VERB
};

static void print_version(void)
{
    char licence[80];

    tool_licence(licence, sizeof(licence));
    say(stdout, "%s\n", vgic5_version());
    say(stdout, "libraries: BSD-3-Clause\n");
    say(stdout, "this tool: %s\n", licence);
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

/* What a guest's console cannot take is the guest's loss; data that nobody got is an error. */
static enum cli_exit end_of_data(enum cli_verb verb, enum cli_exit status)
{
    bool lost = fflush(stdout) != 0 || ferror(stdout) != 0;

    if (!lost || verb == VERB_run || verb == VERB_restore ||
        (status != EXIT_DONE && status != EXIT_ENVIRONMENT))
        return status;
    return (enum cli_exit)report(verb, EXIT_ENVIRONMENT, "stdout cannot be written");
}

static enum cli_exit run(enum cli_verb verb, struct cli_options *options)
{
    struct files files;
    struct vgic5_error error = {0};
    enum cli_exit status;

    if (verb == VERB_restore && options->abi && gic_option_abi(options->abi) == 0)
        return (enum cli_exit)report(verb, EXIT_USAGE, "--abi is '%s', expected v1 or 7.4",
                                     options->abi);
    if (files_begin(verb, options, &files, &error) != 0)
        status = (enum cli_exit)report_error(verb, &error);
    else
        status = end_of_data(verb, (enum cli_exit)run_verb[verb](options));
    files_end(&files);
    return status;
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
    for (int i = 2; i < argc; i++) {
        if (cli_starts_command(verb) && strcmp(argv[i], "--") == 0)
            break;
        if (strcmp(argv[i], "--help") == 0) {
            cli_help_verb(stdout, verb);
            return EXIT_DONE;
        }
    }
    status = cli_parse(verb, argc - 2, argv + 2, &options);
    if (verb == VERB_run || verb == VERB_restore)
        signal(SIGPIPE, SIG_IGN); /* a guest goes on without a listener; see console_output */
    return (int)(status != EXIT_DONE ? status : run(verb, &options));
}
