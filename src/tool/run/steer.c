/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/run/steer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tool/json.h"
#include "tool/run/host_time.h"
#include "tool/lazy_ram.h"
#include "tool/report.h"

#define LOOK_EVERY 2000u    /* microseconds */
#define FRAMES_PER_LOOK 16u /* of a restored guest, filled in though nobody asked for them */
#define FRAMES_IN_HASTE 64u /* when it has nothing else to do */
#define WAIT 50u            /* milliseconds, for a save that is waited for */

/* ---- The save under way ---------------------------------------------------------------------- */

static const char *state_name(const struct steer *steer)
{
    return steer->paused ? "paused" : "running";
}

static void tell(struct steer *steer, int client, json_t *reply)
{
    if (client >= 0 && steer->control.fd >= 0)
        control_reply(&steer->control, client, reply);
    else
        json_decref(reply);
}

static json_t *refusal(int exit_code, const char *message)
{
    return json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", exit_code, "error", message);
}

static void saved(struct steer *steer, const struct saver_result *result)
{
    console_end_line(steer->console);
    fprintf(stderr,
            "vgic5: %s: saved at instruction %" PRIu64 " to %s; %" PRIu64
            " bytes, the vCPUs stood still for %" PRIu64 ".%" PRIu64 " ms\n",
            cli_verb_name(steer->verb), result->instructions, steer->saver_path, result->bytes,
            result->still_us / 1000, result->still_us / 100 % 10);
    tell(steer, steer->saver_client,
         json_pack("{s:b, s:s, s:o, s:I, s:b, s:I, s:I}", "ok", 1, "file", steer->saver_path,
                   "instructions", json_hex(result->instructions), "bytes",
                   (json_int_t)result->bytes, "compared", result->compared, "pages_copied",
                   (json_int_t)result->pages, "still_microseconds", (json_int_t)result->still_us));
}

static int save_failed(struct steer *steer, int client, const struct vgic5_error *error)
{
    console_end_line(steer->console);
    report_error(steer->verb, error);
    tell(steer, client, refusal(EXIT_ABORTED, error->message));
    if (client < 0) /* else it is the client's exit status */
        steer->save_status = EXIT_ABORTED;
    return EXIT_ABORTED;
}

/* The thread has ended, or is waited for. */
static int end_save(struct steer *steer)
{
    struct vgic5_error error = {0};
    struct saver_result result;
    int status = saver_finish(steer->saver, &result, &error);

    steer->saver = NULL;
    progress_end(&steer->progress, status == 0);
    if (status == 0)
        saved(steer, &result);
    else
        save_failed(steer, steer->saver_client, &error);
    free(steer->saver_path);
    steer->saver_path = NULL;
    steer->saver_client = -1;
    return status == 0 ? EXIT_DONE : EXIT_ABORTED;
}

static void obey_signals(struct steer *steer)
{
    int number;

    if (progress_line_is_wanted()) {
        console_end_line(steer->console);
        fprintf(stderr, "vgic5: %s: %s, at instruction %" PRIu64 "%s\n", cli_verb_name(steer->verb),
                state_name(steer), machine_instructions(steer->machine),
                steer->saver ? ", a save is under way" : "");
    }
    number = progress_asked_to_end();
    if (number == SIGINT && steer->saver) {
        saver_cancel(steer->saver);
    } else if (number != 0) {
        steer_close(steer); /* the socket goes with the process, and so does half a snapshot */
        console_close(steer->console);
        progress_end_by(number);
    }
}

/* Nobody waits for a save longer than they like. */
static void hear_while_saving(struct steer *steer)
{
    progress_show(&steer->progress, saver_percent(steer->saver));
    obey_signals(steer);
    if (console_quits(steer->console))
        saver_cancel(steer->saver);
}

static int start_save(struct steer *steer, const char *path, const char *base, bool waits,
                      int client)
{
    const struct saver_request request = {
        .path = path,
        .base = base,
        .guest_waits = waits,
        .log = steer->log,
        .followed = steer->control.fd >= 0 && !waits,
    };
    struct vgic5_error error = {0};

    steer_finish(steer); /* one at a time */
    console_end_line(steer->console);
    steer->saver_path = strdup(path);
    if (!steer->saver_path)
        error_set(&error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for the save");
    else if (saver_start(steer->machine, steer->config, &request, &steer->saver, &error) == 0) {
        steer->saver_client = client;
        return EXIT_DONE;
    }
    free(steer->saver_path);
    steer->saver_path = NULL;
    return save_failed(steer, client, &error);
}

int steer_save(struct steer *steer, const char *path, const char *base, bool waits)
{
    int status = start_save(steer, path, base, waits, -1);

    if (status != EXIT_DONE || !waits)
        return status;
    for (;;) {
        if (saver_is_done(steer->saver, WAIT))
            return end_save(steer);
        hear_while_saving(steer);
        if (steer->control.fd >= 0)
            control_poll(&steer->control, 0);
    }
}

void steer_finish(struct steer *steer)
{
    while (steer->saver) {
        if (saver_is_done(steer->saver, WAIT)) {
            end_save(steer);
            return;
        }
        hear_while_saving(steer);
    }
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void do_status(struct steer *steer, int client, const json_t *request)
{
    (void)request;
    tell(steer, client,
         json_pack("{s:b, s:s, s:o, s:I, s:o}", "ok", 1, "state", state_name(steer), "instructions",
                   json_hex(machine_instructions(steer->machine)), "vcpus",
                   (json_int_t)steer->config->nr_vcpus, "saving",
                   steer->saver ? json_integer(saver_percent(steer->saver)) : json_null()));
}

static void done(struct steer *steer, int client)
{
    tell(steer, client, json_pack("{s:b, s:s}", "ok", 1, "state", state_name(steer)));
}

static void do_pause(struct steer *steer, int client, const json_t *request)
{
    (void)request;
    steer->paused = true;
    done(steer, client);
}

static void do_resume(struct steer *steer, int client, const json_t *request)
{
    const json_t *count = json_object_get(request, "instructions");
    json_int_t n = json_integer_value(count);

    if (count && n <= 0) {
        tell(steer, client, refusal(EXIT_USAGE, "\"instructions\" is a number above 0"));
        return;
    }
    steer->pause_at = n > 0 ? machine_instructions(steer->machine) + (uint64_t)n : UINT64_MAX;
    steer->paused = false;
    done(steer, client);
}

static void do_quit(struct steer *steer, int client, const json_t *request)
{
    (void)request;
    steer->quit = true;
    done(steer, client);
}

static void do_cancel(struct steer *steer, int client, const json_t *request)
{
    (void)request;
    if (steer->saver)
        saver_cancel(steer->saver);
    done(steer, client);
}

static void do_save(struct steer *steer, int client, const json_t *request)
{
    const char *path = json_string_value(json_object_get(request, "file"));
    const char *base = json_string_value(json_object_get(request, "base"));

    if (!path || *path == '\0') {
        tell(steer, client, refusal(EXIT_USAGE, "save without \"file\""));
    } else if (steer->saver || steer->save_wanted) {
        tell(steer, client, refusal(EXIT_ABORTED, "another save is under way"));
    } else {
        steer->wanted_path = strdup(path);
        steer->wanted_base = base ? strdup(base) : NULL;
        steer->wanted_client = client;
        steer->save_wanted = steer->wanted_path;
    }
}

static const struct {
    const char *name;
    void (*serve)(struct steer *steer, int client, const json_t *request);
} commands[] = {
    {"status", do_status}, {"pause", do_pause},   {"resume", do_resume},
    {"save", do_save},     {"cancel", do_cancel}, {"quit", do_quit},
};

static void take_request(void *opaque, int client, const json_t *request)
{
    struct steer *steer = opaque;
    const char *name = json_string_value(json_object_get(request, "command"));

    for (size_t n = 0; name && n < sizeof(commands) / sizeof(*commands); n++) {
        if (strcmp(commands[n].name, name) == 0) {
            commands[n].serve(steer, client, request);
            return;
        }
    }
    tell(steer, client,
         refusal(EXIT_USAGE, "\"command\" is one of status, pause, resume, save, cancel, quit"));
}

/* ---- Life ------------------------------------------------------------------------------------ */

int steer_open(struct steer *steer, enum cli_verb verb, const struct cli_options *options)
{
    int error;

    *steer = (struct steer){.verb = verb,
                            .control.fd = -1,
                            .saver_client = -1,
                            .filling = true,
                            .pause_at = UINT64_MAX};
    if (!progress_begin(&steer->progress, "save", options->progress))
        return report(verb, EXIT_USAGE, "--progress is '%s', expected bar, json or none",
                      options->progress);
    if (options->paused && !options->control)
        return report(verb, EXIT_USAGE, "--paused without --control: nobody could resume it");
    steer->paused = options->paused;
    progress_catch_signals();
    if (!options->control)
        return EXIT_DONE;
    steer->control.request = take_request;
    steer->control.opaque = steer;
    error = control_open(&steer->control, options->control);
    return error == 0 ? EXIT_DONE
                      : report(verb, EXIT_ENVIRONMENT, "--control %s: %s", options->control,
                               strerror(-error));
}

void steer_close(struct steer *steer)
{
    if (steer->saver) {
        saver_cancel(steer->saver);
        end_save(steer);
    }
    control_close(&steer->control);
    free(steer->wanted_path);
    free(steer->wanted_base);
    steer->wanted_path = steer->wanted_base = NULL;
}

static void look_around(struct steer *steer)
{
    obey_signals(steer);
    if (steer->saver && saver_is_done(steer->saver, 0))
        end_save(steer);
    else if (steer->saver)
        progress_show(&steer->progress, saver_percent(steer->saver));
    if (steer->control.fd >= 0)
        control_poll(&steer->control, 0);
    if (steer->filling)
        steer->filling =
            lazy_ram_fill(&steer->log->watch, steer->paused ? FRAMES_IN_HASTE : FRAMES_PER_LOOK);
}

/* Between two slices there are microseconds: the world is looked at more rarely. */
bool steer_stops(struct steer *steer)
{
    uint64_t now = now_us();

    if (now - steer->looked >= LOOK_EVERY) {
        steer->looked = now;
        look_around(steer);
    }
    return steer->paused || steer->quit || steer->save_wanted;
}

static void serve_save(struct steer *steer)
{
    char *path = steer->wanted_path, *base = steer->wanted_base;

    steer->save_wanted = false;
    steer->wanted_path = steer->wanted_base = NULL;
    start_save(steer, path, base, false, steer->wanted_client);
    free(path);
    free(base);
}

bool steer_has_paused(struct steer *steer)
{
    if (machine_instructions(steer->machine) < steer->pause_at)
        return false;
    steer->pause_at = UINT64_MAX;
    steer->paused = true;
    return true;
}

void steer_serve(struct steer *steer)
{
    for (;;) {
        if (steer->save_wanted)
            serve_save(steer);
        if (steer->quit || !steer->paused || console_quits(steer->console))
            return;
        control_poll(&steer->control, WAIT);
        look_around(steer);
    }
}
