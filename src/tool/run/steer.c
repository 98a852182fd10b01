/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/run/steer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tool/files.h"
#include "tool/guest_ram.h"
#include "tool/json.h"
#include "tool/run/host_time.h"
#include "tool/report.h"
#include "tool/run/request.h"
#include "tool/words.h"
#include "snapshot/pipes.h"

#define LOOK_EVERY 500u     /* microseconds */
#define FRAMES_PER_LOOK 4u  /* of a restored guest, filled in though nobody asked for them */
#define FRAMES_IN_HASTE 64u /* when it has nothing else to do */
#define WAIT 50u            /* milliseconds, for a save that is waited for */
#define SHORT_WAIT 2000000u /* nanoseconds, while a save or the filling goes on */
#define SECOND UINT64_C(1000000000)

/* ---- The save under way ---------------------------------------------------------------------- */

static const char *state_name(const struct steer *steer)
{
    return steer->paused ? "paused" : "running";
}

static const struct asker nobody = {-1, NULL};

/* The answer that a save owes; the asker has none to come after it. */
static void answer(struct steer *steer, struct asker *asker, json_t *reply)
{
    if (asker->client >= 0 && steer->control.fd >= 0)
        control_reply_owed(&steer->control, asker->client, asker->id, reply);
    else
        json_decref(reply);
    json_decref(asker->id);
    *asker = nobody;
}

/* A reader has read all of it; what it makes of it it does not say. */
static const char *what_may_be_lost(const char *path)
{
    return pipe_is(path) ? "; whoever read it from the pipe has not said that it can be restored"
                         : "";
}

static void saved(struct steer *steer, const struct vgic5_save_result *result)
{
    console_end_line(steer->console);
    say(stderr,
        "vgic5: %s: saved at instruction %" PRIu64 " to %s; %" PRIu64
        " bytes, the vCPUs stood still for %" PRIu64 ".%" PRIu64 " ms%s\n",
        cli_verb_name(steer->verb), steer->saver.instructions, steer->saver_path, result->bytes,
        result->still_us / 1000, result->still_us / 100 % 10, what_may_be_lost(steer->saver_path));
    answer(steer, &steer->saver_asker,
           json_pack("{s:b, s:o, s:o, s:I, s:b, s:I, s:I}", "ok", 1, "file",
                     json_text(steer->saver_path), "instructions",
                     json_hex(steer->saver.instructions), "bytes", (json_int_t)result->bytes,
                     "compared", result->compared, "pages_copied", (json_int_t)result->pages,
                     "still_microseconds", (json_int_t)result->still_us));
}

static int save_failed(struct steer *steer, const struct vgic5_error *error)
{
    console_end_line(steer->console);
    report(steer->verb, (int)exit_of(error->cause), "%s%s", error->message,
           steer->is_over ? "" : "; the guest goes on");
    if (steer->saver_asker.client < 0) /* else it is the client's exit status */
        steer->save_status = EXIT_ABORTED;
    answer(steer, &steer->saver_asker, control_refusal(EXIT_ABORTED, error->message));
    return EXIT_ABORTED;
}

static void forget_names(struct steer *steer)
{
    free(steer->saver_path);
    free(steer->saver_base);
    steer->saver_path = steer->saver_base = NULL;
}

/* The thread has ended, or is waited for. */
static int end_save(struct steer *steer)
{
    struct vgic5_error error = {0};
    struct vgic5_save_result result = {.size = sizeof(result)};
    int ret = vgic5_saver_finish(steer->saver.of, &result, &error);

    steer->saver.of = NULL;
    progress_end(&steer->progress, ret == 0);
    if (ret == 0)
        saved(steer, &result);
    else
        save_failed(steer, &error);
    if (ret == 0 && steer->saver_base)
        files_add_base(steer->files, steer->saver_path, steer->saver_base);
    forget_names(steer);
    return ret == 0 ? EXIT_DONE : EXIT_ABORTED;
}

static void obey_signals(struct steer *steer)
{
    int number;

    if (progress_line_is_wanted()) {
        console_end_line(steer->console);
        say(stderr, "vgic5: %s: %s, at instruction %" PRIu64 "%s\n", cli_verb_name(steer->verb),
            state_name(steer), machine_instructions(steer->machine),
            steer->saver.of ? ", a save is under way" : "");
    }
    number = progress_asked_to_end();
    if (number == SIGINT && steer->saver.of) {
        vgic5_saver_cancel(steer->saver.of);
    } else if (number != 0) {
        steer_close(steer); /* the socket goes with the process, and so does half a snapshot */
        console_close(steer->console);
        progress_end_by(number);
    }
}

/* Nobody waits for a save longer than they like. */
static void hear_while_saving(struct steer *steer)
{
    progress_show(&steer->progress, vgic5_saver_percent(steer->saver.of));
    obey_signals(steer);
    if (console_quits(steer->console))
        vgic5_saver_cancel(steer->saver.of);
}

static int try_save(struct steer *steer, const char *path, const char *base, bool waits,
                    struct vgic5_error *error)
{
    const struct saver_request request = {
        .path = path,
        .base = base,
        .guest_waits = waits,
        .followed = steer->control.fd >= 0 && !waits,
    };

    steer->saver_path = strdup(path);
    steer->saver_base = base ? strdup(base) : NULL;
    if (!steer->saver_path || (base && !steer->saver_base))
        return error_no_memory(error, "the save");
    if (files_allow_save(steer->files, path, base, error) != 0)
        return -EINVAL;
    return saver_start(steer->machine, steer->config, steer->ram, &request, &steer->saver, error);
}

/* Takes the asker, who is answered in any case. */
static int start_save(struct steer *steer, const char *path, const char *base, bool waits,
                      struct asker asker)
{
    struct vgic5_error error = {0};

    steer_finish(steer); /* one at a time */
    console_end_line(steer->console);
    steer->saver_asker = asker;
    if (try_save(steer, path, base, waits, &error) == 0)
        return EXIT_DONE;
    forget_names(steer);
    return save_failed(steer, &error);
}

int steer_save(struct steer *steer, const char *path, const char *base, bool waits)
{
    int ret = start_save(steer, path, base, waits, nobody);

    if (ret != EXIT_DONE || !waits)
        return ret;
    for (;;) {
        if (vgic5_saver_is_done(steer->saver.of, WAIT))
            return end_save(steer);
        hear_while_saving(steer);
        if (steer->control.fd >= 0)
            control_poll(&steer->control, 0);
    }
}

void steer_finish(struct steer *steer)
{
    while (steer->saver.of) {
        if (vgic5_saver_is_done(steer->saver.of, WAIT)) {
            end_save(steer);
            return;
        }
        hear_while_saving(steer);
    }
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void free_wanted(struct steer *steer)
{
    free(steer->wanted_path);
    free(steer->wanted_base);
    steer->wanted_path = steer->wanted_base = NULL;
    steer->save_wanted = false;
}

/* Each answers now, or takes the request and owes an answer (NULL). */

static json_t *do_status(struct steer *steer, int client, const json_t *request)
{
    (void)client;
    (void)request;
    return json_pack("{s:b, s:s, s:o, s:I, s:o}", "ok", 1, "state", state_name(steer),
                     "instructions", json_hex(machine_instructions(steer->machine)), "vcpus",
                     (json_int_t)steer->config->nr_vcpus, "saving",
                     steer->saver.of ? json_integer(vgic5_saver_percent(steer->saver.of))
                                     : json_null());
}

static json_t *done(const struct steer *steer)
{
    return json_pack("{s:b, s:s}", "ok", 1, "state", state_name(steer));
}

static json_t *do_pause(struct steer *steer, int client, const json_t *request)
{
    (void)client;
    (void)request;
    steer->paused = true;
    return done(steer);
}

static json_t *do_resume(struct steer *steer, int client, const json_t *request)
{
    const json_t *count = json_object_get(request, "instructions");
    json_int_t n = json_integer_value(count);

    (void)client;
    if (count && n <= 0)
        return control_refusal(EXIT_USAGE, "\"instructions\" is a number above 0");
    steer->pause_at = n > 0 ? machine_instructions(steer->machine) + (uint64_t)n : UINT64_MAX;
    steer->paused = false;
    return done(steer);
}

static json_t *do_quit(struct steer *steer, int client, const json_t *request)
{
    (void)client;
    (void)request;
    steer->quit = true;
    return done(steer);
}

static json_t *do_cancel(struct steer *steer, int client, const json_t *request)
{
    (void)client;
    (void)request;
    if (steer->saver.of)
        vgic5_saver_cancel(steer->saver.of);
    return done(steer);
}

static json_t *do_save(struct steer *steer, int client, const json_t *request)
{
    const char *path = json_string_value(json_object_get(request, "file"));
    const char *base = json_string_value(json_object_get(request, "base"));

    if (*path == '\0' || (base && *base == '\0'))
        return control_refusal(EXIT_USAGE, "the name of a file is empty");
    if (steer->saver.of || steer->save_wanted)
        return control_refusal(EXIT_ABORTED, "another save is under way");
    steer->wanted_path = strdup(path);
    steer->wanted_base = base ? strdup(base) : NULL;
    if (!steer->wanted_path || (base && !steer->wanted_base)) {
        free_wanted(steer);
        return control_refusal(EXIT_ABORTED, "no memory for the save");
    }
    steer->save_wanted = true;
    steer->wanted_asker = (struct asker){client, json_incref(json_object_get(request, "id"))};
    control_owe(&steer->control, client);
    return NULL;
}

static const struct request_form forms[] = {
    {"status", {{0}}},
    {"pause", {{0}}},
    {"resume", {{"instructions", JSON_INTEGER, false}}},
    {"save", {{"file", JSON_STRING, true}, {"base", JSON_STRING, false}}},
    {"cancel", {{0}}},
    {"quit", {{0}}},
};

#define NR_FORMS ((int)(sizeof(forms) / sizeof(*forms)))

/* By the order of the forms. */
static json_t *(*const serve[NR_FORMS])(struct steer *, int client, const json_t *request) = {
    do_status, do_pause, do_resume, do_save, do_cancel, do_quit,
};

static void take_request(void *opaque, int client, const json_t *request)
{
    struct steer *steer = opaque;
    char words[300];
    int n = request_form_of(forms, NR_FORMS, request, words, sizeof(words));
    json_t *reply = n < 0 ? control_refusal(EXIT_USAGE, words) : serve[n](steer, client, request);

    if (reply)
        control_reply(&steer->control, client, json_object_get(request, "id"), reply);
}

/* ---- Life ------------------------------------------------------------------------------------ */

int steer_open(struct steer *steer, enum cli_verb verb, const struct cli_options *options)
{
    int ret;

    *steer = (struct steer){.verb = verb,
                            .control.fd = -1,
                            .files = options->files,
                            .saver_asker = nobody,
                            .wanted_asker = nobody,
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
    ret = control_open(&steer->control, options->control);
    return ret == 0 ? EXIT_DONE
                    : report(verb, EXIT_ENVIRONMENT, "--control %s: %s", options->control,
                             strerror(-ret));
}

void steer_close(struct steer *steer)
{
    steer->is_over = true;
    if (steer->saver.of) {
        vgic5_saver_cancel(steer->saver.of);
        end_save(steer);
    }
    answer(steer, &steer->wanted_asker,
           control_refusal(EXIT_ABORTED, "the guest has ended before the save"));
    free_wanted(steer);
    control_close(&steer->control);
}

static void look_around(struct steer *steer)
{
    obey_signals(steer);
    if (steer->saver.of && vgic5_saver_is_done(steer->saver.of, 0))
        end_save(steer);
    else if (steer->saver.of)
        progress_show(&steer->progress, vgic5_saver_percent(steer->saver.of));
    if (steer->control.fd >= 0)
        control_poll(&steer->control, 0);
    if (steer->filling)
        steer->filling =
            machine_ram_fill(steer->ram, steer->paused ? FRAMES_IN_HASTE : FRAMES_PER_LOOK);
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

static void nap(struct pollfd *ready, nfds_t n, uint64_t nanoseconds)
{
    const struct timespec length = {(time_t)(nanoseconds / SECOND), (long)(nanoseconds % SECOND)};

    ppoll(ready, n, &length, NULL);
}

/* Whatever woke it up is found when everything is looked at. */
void steer_wait(struct steer *steer, uint64_t nanoseconds, bool input)
{
    struct pollfd ready[CONTROL_FDS + 2] = {
        {console_interest(steer->console, input), POLLIN, 0},
        {progress_wakes(), POLLIN, 0},
    };
    nfds_t n = 2;

    if (steer->control.fd >= 0) {
        control_interest(&steer->control, ready + n);
        n += CONTROL_FDS;
    }
    if ((steer->saver.of || steer->filling || progress_wakes() < 0) && nanoseconds > SHORT_WAIT)
        nanoseconds = SHORT_WAIT;
    nap(ready, n, nanoseconds);
    progress_woke();
    steer->looked = 0;
    console_look_now(steer->console);
}

static void serve_save(struct steer *steer)
{
    char *path = steer->wanted_path, *base = steer->wanted_base;
    struct asker asker = steer->wanted_asker;

    steer->wanted_path = steer->wanted_base = NULL;
    steer->wanted_asker = nobody;
    steer->save_wanted = false;
    start_save(steer, path, base, false, asker);
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
