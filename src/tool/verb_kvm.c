/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a VMM with an emulated /dev/kvm: a server, the shim in the VMM, and its exit status. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/engine.h"
#include "tool/gic_option.h"
#include "tool/kvm/bypass.h"
#include "tool/kvm/command.h"
#include "tool/kvm/notify.h"
#include "tool/kvm/serve.h"
#include "tool/kvm/watch.h"
#include "tool/report.h"

#define SIGNALLED 128 /* and the signal's number: the status, as in a shell */
#define NO_PROGRAM 127

static volatile sig_atomic_t child; /* its pid, for the handler */

/* ---- What the VGICv5 is ---------------------------------------------------------------------- */

static int choose_profile(const struct cli_options *options, struct kvmd_config *config)
{
    const char *name = options->kvm_abi;
    uint32_t abi = name ? gic_option_abi(name) : config->gic.abi;
    bool from_gic = options->gic && strstr(options->gic, "abi=");

    if (name && strcmp(name, "7.1") == 0)
        config->profile = KVMD_7_1;
    else if (abi)
        config->profile = (enum kvmd_profile)abi;
    else
        return report(VERB_kvm, EXIT_USAGE, "--abi is '%s', expected v1, 7.1 or 7.4", name);
    if (name && from_gic && abi != config->gic.abi)
        return report(VERB_kvm, EXIT_USAGE, "--abi is %s, --gic abi is %s", name,
                      vgic5_abi_name(config->gic.abi));
    return EXIT_DONE;
}

/* With --real there is nothing to configure, but for what the record is to be called. */
static int check_real(const struct cli_options *options)
{
    if (options->gic || options->fault.n > 0)
        return report(VERB_kvm, EXIT_USAGE,
                      "--real: the host's own /dev/kvm answers; --gic and --fault are for the "
                      "emulated one");
    if (!options->record && !options->kvm_trace)
        return report(VERB_kvm, EXIT_USAGE, "--real needs --record FILE or --trace FILE");
    return EXIT_DONE;
}

static int configure(const struct cli_options *options, struct kvmd_config *config)
{
    uint32_t nr_spis;

    if (!tool_runs_guests())
        return report(VERB_kvm, EXIT_ENVIRONMENT, WITHOUT_ENGINE);
    *config = (struct kvmd_config){.engine = tool_engine};
    if (options->gic && strstr(options->gic, "spis="))
        return report(VERB_kvm, EXIT_USAGE,
                      "--gic spis: the VMM says how many SPIs there are (GRP_NR_IRQS)");
    if (!gic_option_parse(VERB_kvm, options->gic, &config->gic, &nr_spis))
        return EXIT_USAGE;
    if (options->real)
        config->engine = NULL;
    if (options->real && check_real(options) != EXIT_DONE)
        return EXIT_USAGE;
    return choose_profile(options, config);
}

/* ---- The VMM --------------------------------------------------------------------------------- */

static void pass_on(int number)
{
    int before = errno;

    if (child > 0)
        kill((pid_t)child, number);
    errno = before;
}

static void pass_on_if_sent(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code <= 0) /* by a process; a key's is the kernel's */
        pass_on(number);
}

/* A terminal's keys reach the VMM by themselves; what is sent to the tool is for the VMM. */
static void handle_signals(void)
{
    const struct sigaction passed = {.sa_handler = pass_on},
                           sent = {.sa_sigaction = pass_on_if_sent, .sa_flags = SA_SIGINFO};

    sigaction(SIGINT, &sent, NULL);
    sigaction(SIGQUIT, &sent, NULL);
    sigaction(SIGTERM, &passed, NULL);
    sigaction(SIGHUP, &passed, NULL);
}

/* `filtered`: where the listener of its filter goes, or -1. */
static void be_command(const struct command *command, const char *socket, pid_t parent,
                       int filtered)
{
    int ret;

    /* Without the tool there is no KVM: the VMM ends with it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ret = filtered < 0 ? 0 : notify_install(filtered);
    if (ret) {
        report(VERB_kvm, EXIT_ENVIRONMENT,
               "%s is linked statically, and this kernel lets nobody answer its calls (seccomp, "
               "from Linux 5.19): %s",
               command->program, strerror(-ret));
        _exit(EXIT_ENVIRONMENT);
    }
    if (getppid() == parent)
        command_exec(command, socket);
    report(VERB_kvm, EXIT_ENVIRONMENT, "%s: %s", command->program, strerror(errno));
    _exit(NO_PROGRAM);
}

static pid_t start(const struct command *command, const char *socket)
{
    int pair[2] = {-1, -1}, ret;
    pid_t parent = getpid(), pid;

    if (command->is_static && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    pid = fork();
    if (pid == 0)
        be_command(command, socket, parent, pair[1]);
    if (!command->is_static)
        return pid;
    close(pair[1]);
    ret = pid > 0 ? notify_serve(pair[0], socket) : 0;
    close(pair[0]);
    if (ret) {
        report(VERB_kvm, EXIT_ENVIRONMENT, "nobody can answer %s: %s", command->program,
               strerror(-ret));
        kill(pid, SIGKILL);
    }
    return pid;
}

/* Has a process of the VMM gone past the shim? Then all of it is ended, and words said. */
static bool stop_bypass(int watch, const struct command *command)
{
    pid_t who = bypass_look(watch, getpid());

    if (who == 0)
        return false;
    kill((pid_t)child, SIGKILL);
    if (who != (pid_t)child)
        kill(who, SIGKILL);
    report(VERB_kvm, EXIT_ENVIRONMENT,
           "process %d of %s has opened this host's own /dev/kvm: the shim is not in it, because "
           "it is static, has a set-user-ID bit, or lost LD_PRELOAD",
           (int)who, command->words[0]);
    return true;
}

static int wait_for(const struct command *command)
{
    int watch = command->is_real ? -1 : bypass_watch(), fd = pidfd_open((pid_t)child, 0), status;
    bool bypassed = false;

    for (;;) {
        struct pollfd polls[2] = {{.fd = fd, .events = POLLIN}, {.fd = watch, .events = POLLIN}};
        int ready = fd < 0 ? 0 : poll(polls, 2, -1);

        if (ready > 0 && polls[1].revents)
            bypassed = bypassed || stop_bypass(watch, command);
        if (ready == 0 || (ready > 0 && polls[0].revents) || (ready < 0 && errno != EINTR))
            break;
    }
    while (waitpid((pid_t)child, &status, 0) < 0 && errno == EINTR) {
    }
    child = 0;
    close(fd);
    close(watch);
    if (bypassed)
        return EXIT_ENVIRONMENT;
    return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_command(const struct command *command, struct serve *serve)
{
    uint32_t connections;
    int ret, served;
    pid_t pid;

    prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that what it starts stays below this process */
    pid = start(command, serve->socket);
    child = pid;
    handle_signals();
    if (pid < 0)
        ret = report(VERB_kvm, EXIT_ENVIRONMENT, "a process cannot be made: %s", strerror(errno));
    else
        ret = wait_for(command);
    served = serve_stop(serve, &connections);
    if (connections == 0 && ret != EXIT_ENVIRONMENT && ret != NO_PROGRAM)
        return report(VERB_kvm, EXIT_ENVIRONMENT,
                      "%s ended with %d, and the shim was never in it: what it did, it did %s",
                      command->words[0], ret,
                      command->is_real ? "unseen" : "without the emulated /dev/kvm");
    return ret != EXIT_DONE ? ret : served;
}

int verb_kvm(const struct cli_options *options)
{
    struct kvmd_config config;
    struct command command;
    struct serve serve;
    struct watch watch;
    int ret = configure(options, &config);

    if (ret == EXIT_DONE)
        ret = command_look(options->command, options->real, &command);
    if (ret != EXIT_DONE)
        return ret;
    ret = watch_open(&watch, options, config.profile);
    config.observer = watch_observer(&watch);
    config.opaque = &watch;
    if (ret == EXIT_DONE)
        ret = serve_start(&config, &watch, &serve);
    watch_leave(&watch);
    return ret != EXIT_DONE ? ret : run_command(&command, &serve);
}
