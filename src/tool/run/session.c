/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/run/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/guest_ram.h"
#include "tool/report.h"
#include "tool/words.h"

bool session_check_options(enum cli_verb verb, const struct cli_options *options)
{
    int moments = cli_given(options, OPTION_save_at_insn) +
                  cli_given(options, OPTION_save_at_text) + cli_given(options, OPTION_save_after);

    if (moments > 1) {
        report(verb, EXIT_USAGE, "one of --save-at-insn, --save-at-text and --save-after");
        return false;
    }
    if (!options->save && (moments > 0 || options->exit_after_save)) {
        report(verb, EXIT_USAGE, "the moment of a save without --save FILE");
        return false;
    }
    if (options->save_at_text && *options->save_at_text == '\0') {
        report(verb, EXIT_USAGE, "--save-at-text is empty");
        return false;
    }
    return true;
}

static int open_streams(struct session *session)
{
    const struct cli_options *options = session->options;
    enum console_from from = options->input                  ? CONSOLE_FILE
                             : session->config.deterministic ? CONSOLE_NO_INPUT
                                                             : CONSOLE_STDIN;
    int ret = console_open(&session->console, from, options->input);

    if (ret != 0)
        return report(session->verb, EXIT_ENVIRONMENT, "--input %s: %s", options->input,
                      strerror(-ret));
    session->config.console = (struct machine_console){
        .output = console_output,
        .input = console_input,
        .input_ended = console_input_ended,
        .opaque = &session->console,
    };
    ret = trace_open(&session->trace, options->trace);
    if (ret != 0)
        return report(session->verb, EXIT_ENVIRONMENT, "--trace %s: %s", options->trace,
                      strerror(-ret));
    session->config.trace = trace_sink(&session->trace);
    return steer_open(&session->steer, session->verb, options);
}

/* It is opened again for each save; what is wrong with it now would be wrong then. */
static int check_base(const struct session *session)
{
    const char *base = session->options->base;
    struct vgic5_error error = {0};
    struct vgic5_chain *chain;
    int ret = EXIT_DONE;

    if (!base)
        return EXIT_DONE;
    if (vgic5_chain_open(base, NULL, &chain, &error) != 0)
        return report(session->verb, exit_of(error.cause), "--base %.200s: %s", base,
                      error.message);
    if (vgic5_chain_nr_frames(chain) * VGIC5_FRAME_SIZE != session->config.ram_size)
        ret = report(session->verb, EXIT_UNFIT, "--base %s has other memory than this guest", base);
    else if (vgic5_chain_nr_levels(chain) == VGIC5_CHAIN_MAX)
        ret = report(session->verb, EXIT_UNFIT, "--base %s builds on %u others already: flatten it",
                     base, VGIC5_CHAIN_MAX - 1);
    vgic5_chain_close(chain);
    return ret;
}

int session_open(struct session *session)
{
    int ret = check_base(session);

    return ret == EXIT_DONE ? open_streams(session) : ret;
}

static bool waits_to_save(const struct session *session)
{
    return session->save_pending && cli_given(session->options, OPTION_save_after);
}

static double seconds_left(const struct session *session)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)session->options->save_after - (double)(now.tv_sec - session->started.tv_sec) -
           (double)(now.tv_nsec - session->started.tv_nsec) / 1e9;
}

static bool save_is_due(const struct session *session)
{
    return waits_to_save(session) && seconds_left(session) <= 0;
}

static bool interrupted(void *opaque)
{
    struct session *session = opaque;

    return steer_stops(&session->steer) || console_quits(&session->console) || save_is_due(session);
}

static void wait_for_host(void *opaque, uint64_t nanoseconds, bool input)
{
    struct session *session = opaque;
    double left = waits_to_save(session) ? seconds_left(session) * 1e9 : 0;

    if (waits_to_save(session) && left < (double)nanoseconds)
        nanoseconds = left > 0 ? (uint64_t)left : 0;
    steer_wait(&session->steer, nanoseconds, input);
}

static struct machine_until next_stop(struct session *session)
{
    struct machine_until until = {
        .insn = UINT64_MAX,
        .interrupted = interrupted,
        .wait = wait_for_host,
        .opaque = session,
    };

    if (session->save_pending && cli_given(session->options, OPTION_save_at_insn))
        until.insn = session->save_at;
    if (session->steer.pause_at < until.insn)
        until.insn = session->steer.pause_at;
    if (session->save_pending)
        until.text = session->options->save_at_text;
    return until;
}

/* FILE, or FILE.N for each of several counts. NULL: no memory. */
static char *name_of_file(const struct session *session)
{
    const char *file = session->options->save, *counts = session->options->save_at_insn;
    size_t size = strlen(file) + 24;
    char *name = malloc(size);

    if (name && counts && strchr(counts, ','))
        snprintf(name, size, "%s.%" PRIu64, file, session->save_at);
    else if (name)
        snprintf(name, size, "%s", file);
    return name;
}

/* EXIT_DONE, or EXIT_ABORTED: then there is no file, and the guest can go on. */
static int save_now(struct session *session, bool guest_waits)
{
    char *path = name_of_file(session);
    int ret = path ? steer_save(&session->steer, path, session->options->base, guest_waits)
                   : report(session->verb, EXIT_ABORTED, "no memory to save");

    free(path);
    session->save_pending = cli_next_count(&session->next_counts, &session->save_at);
    return ret;
}

/* The guest is through: a save without a moment happens now, one whose moment never came failed. */
static int end_of_guest(struct session *session, int status)
{
    const struct cli_options *options = session->options;
    int saved;

    session->steer.is_over = true;
    steer_finish(&session->steer);
    saved = session->steer.save_status;
    if (session->save_pending && (cli_given(options, OPTION_save_at_insn) ||
                                  options->save_at_text || cli_given(options, OPTION_save_after)))
        saved = report(session->verb, EXIT_ABORTED,
                       "the guest ended at instruction %" PRIu64 ", before the moment of the save",
                       machine_instructions(session->machine));
    else if (session->save_pending)
        saved = save_now(session, true);
    return status != EXIT_DONE ? status : saved;
}

static int guest_stopped(struct session *session, const struct machine_stopped *stopped)
{
    console_end_line(&session->console);
    switch (stopped->why) {
    case MACHINE_STOP_OFF:
        return end_of_guest(session, EXIT_DONE);
    case MACHINE_STOP_RESET:
        say(stderr, "vgic5: %s: the guest asked for a reset\n", cli_verb_name(session->verb));
        return end_of_guest(session, EXIT_DONE);
    case MACHINE_STOP_EXIT:
        if (stopped->exit_status != 0)
            report(session->verb, EXIT_GUEST, "the guest ended with status %" PRIu64,
                   stopped->exit_status);
        return end_of_guest(session, stopped->exit_status != 0 ? EXIT_GUEST : EXIT_DONE);
    case MACHINE_STOP_BROKEN:
        console_print_last(&session->console, stderr);
        report(session->verb, EXIT_BUG, "%s", stopped->message);
        session_emergency(session);
        return EXIT_BUG;
    default:
        console_print_last(&session->console, stderr);
        report(session->verb, EXIT_GUEST, "%s", stopped->message);
        return end_of_guest(session, EXIT_GUEST);
    }
}

/* To note that a page was written takes 3 us, once after each mark. */
bool session_wants_log(const struct session *session)
{
    return session->options->control || session->options->base;
}

int session_run(struct session *session)
{
    struct vgic5_error error = {0};

    if (!session->ram && machine_ram_create(session->machine, &session->ram, &error) != 0)
        return report_error(session->verb, &error);
    session->steer.machine = session->machine;
    session->steer.config = &session->config;
    session->steer.console = &session->console;
    session->steer.ram = session->ram;
    session->save_pending = session->options->save;
    session->next_counts = session->options->save_at_insn;
    clock_gettime(CLOCK_MONOTONIC, &session->started);
    if (cli_next_count(&session->next_counts, &session->save_at) &&
        session->save_at < machine_instructions(session->machine))
        return report(session->verb, EXIT_USAGE,
                      "--save-at-insn %" PRIu64 " is in the past: the guest is at %" PRIu64,
                      session->save_at, machine_instructions(session->machine));
    for (;;) {
        struct machine_until until = next_stop(session);
        struct machine_stopped stopped = {0};
        bool has_paused;

        machine_run(session->machine, &until, &stopped);
        has_paused = stopped.why == MACHINE_STOP_INSN && steer_has_paused(&session->steer);
        steer_serve(&session->steer);
        if (session->console.quit || session->steer.quit) {
            steer_close(&session->steer); /* gives up a save under way */
            return session->steer.save_status;
        }
        if (has_paused || (stopped.why == MACHINE_STOP_REQUEST && !save_is_due(session)))
            continue; /* steer_serve has done what was asked for */
        if (stopped.why != MACHINE_STOP_INSN && stopped.why != MACHINE_STOP_TEXT &&
            stopped.why != MACHINE_STOP_REQUEST)
            return guest_stopped(session, &stopped);
        if (save_now(session, session->options->exit_after_save) == EXIT_DONE &&
            session->options->exit_after_save && !session->save_pending)
            return session->steer.save_status; /* of those before it, too */
    }
}

int session_close(struct session *session, int status)
{
    int ret = trace_close(&session->trace);

    steer_close(&session->steer);
    vgic5_ram_destroy(session->ram);
    machine_destroy(session->machine);
    console_close(&session->console);
    if (ret == 0)
        return status;
    report(session->verb, EXIT_ENVIRONMENT,
           "--trace %s is not whole: %s; the guest was not disturbed", session->options->trace,
           strerror(ret));
    return status == EXIT_DONE ? EXIT_ENVIRONMENT : status;
}
