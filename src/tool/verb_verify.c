/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every checksum and every semantic rule, and what is wrong where. Nothing is changed and nothing
 * runs. After a first fault the other checks that can still be made are made.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tool/engine.h"
#include "tool/json.h"
#include "tool/look/picture.h"
#include "tool/run/progress.h"
#include "tool/report.h"
#include "tool/words.h"

#define MOST_FAULTS 100u

struct verification {
    const struct cli_options *options;
    struct progress progress;
    json_t *faults, *notes;
    int exit_code; /* of the first fault */
    uint64_t frames;
    size_t sections, levels;
};

static void fault(struct verification *verification, const struct vgic5_error *error)
{
    if (verification->exit_code == EXIT_DONE)
        verification->exit_code = (int)exit_of(error->cause);
    if (json_array_size(verification->faults) < MOST_FAULTS)
        json_array_append_new(verification->faults,
                              json_pack("{s:i, s:o}", "exit", (int)exit_of(error->cause), "message",
                                        json_words(error->message)));
}

/* ---- Frames ---------------------------------------------------------------------------------- */

/* Also decompressed: a hash says only that the bytes are those that were written. */
static void check_frames(struct verification *verification, struct vgic5_snapshot *snapshot,
                         const struct vgic5_section *memory, uint8_t *frame_of_zeros)
{
    size_t nr_frames = vgic5_snapshot_nr_frames(memory);

    for (size_t n = 0; n < nr_frames; n++) {
        struct vgic5_error error = {0};

        progress_part(&verification->progress, n, nr_frames);
        if (vgic5_snapshot_load_frame(snapshot, memory, n, frame_of_zeros, &error) != 0)
            fault(verification, &error);
        verification->frames++;
    }
}

static bool check_container(struct verification *verification)
{
    const struct cli_options *options = verification->options;
    struct vgic5_error error = {0};
    uint8_t *frame = malloc(VGIC5_FRAME_SIZE);
    struct vgic5_chain *chain;

    if (!frame)
        error_set(&error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for a frame");
    if (!frame ||
        load_chain(VERB_verify, options->operand, options->on_base, &chain, &error) != 0) {
        fault(verification, &error);
        free(frame);
        return false;
    }
    for (size_t level = 0; level < vgic5_chain_nr_levels(chain); level++)
        check_frames(verification, vgic5_chain_snapshot(chain, level),
                     vgic5_chain_memory(chain, level, 0), frame);
    verification->sections = vgic5_snapshot_nr_sections(chain_top(chain));
    verification->levels = vgic5_chain_nr_levels(chain);
    vgic5_chain_close(chain);
    free(frame);
    return true;
}

/* ---- Meaning --------------------------------------------------------------------------------- */

static void note(struct verification *verification, const char *text, uint32_t id)
{
    char line[200];

    snprintf(line, sizeof(line), text, id);
    json_array_append_new(verification->notes, json_string(line));
}

/* What a guest may do, and rarely does. APR and Active are independent in the architecture: CDDI
 * comes before CDEOI in Linux, and priorities of active interrupts may change. */
static void look_for_oddities(struct verification *verification, const struct picture *picture)
{
    for (uint32_t n = 0; n < picture->nr_vcpus; n++) {
        uint32_t active = 0, odd;

        for (size_t i = 0; i < picture->nr_interrupts; i++)
            if (picture->interrupts[i].vcpu == n && picture->interrupts[i].active)
                active |= 1u << picture->interrupts[i].priority;
        odd = picture->vcpus[n].apr & ~active;
        if (odd != 0)
            note(verification,
                 "vCPU %" PRIu32 ": ICC_APR_EL1 has a priority that no active "
                 "interrupt of this PE has",
                 picture->vcpus[n].id);
    }
    for (size_t i = 0; i < picture->nr_interrupts; i++)
        if (picture->interrupts[i].vcpu == picture->nr_vcpus && picture->interrupts[i].pending)
            note(verification, "INTID 0x%08" PRIx32 " is pending, and its IAFFID is that of no PE",
                 picture->interrupts[i].intid);
}

/* A machine is built and filled, and thrown away. */
static int fill_machine(struct loaded *loaded, struct vgic5_error *error)
{
    struct machine *machine = NULL;
    struct vgic5_ram *ram = NULL;
    int ret = machine_create(&loaded->config, &machine, error);

    if (ret == 0)
        ret = load_into(loaded, machine, &ram, false, error);
    vgic5_ram_destroy(ram);
    machine_destroy(machine);
    return ret;
}

static void try_in_a_machine(struct verification *verification, struct loaded *loaded)
{
    struct vgic5_error error = {0};

    if (!tool_runs_guests())
        note(verification,
             "the CPU's registers were not tried: this vgic5 is built without Unicorn", 0);
    else if (fill_machine(loaded, &error) != 0)
        fault(verification, &error);
}

static void check_meaning(struct verification *verification)
{
    const struct cli_options *options = verification->options;
    struct vgic5_error error = {0};
    struct picture picture;
    struct loaded loaded;

    if (load_open(VERB_verify, options->operand, options->on_base, &loaded, &error) != 0) {
        fault(verification, &error);
        return;
    }
    if (picture_take(&loaded, &picture, &error) != 0) {
        fault(verification, &error);
    } else {
        look_for_oddities(verification, &picture);
        picture_free(&picture);
        try_in_a_machine(verification, &loaded);
    }
    load_close(&loaded);
}

/* ---- The verdict ----------------------------------------------------------------------------- */

static int print_words(struct verification *verification)
{
    const json_t *entry;
    size_t n;

    json_array_foreach(verification->faults, n, entry)
        say(stderr, "vgic5: verify: %s\n", json_string_value(json_object_get(entry, "message")));
    json_array_foreach(verification->notes, n, entry)
        say(stdout, "note: %s\n", json_string_value(entry));
    if (verification->exit_code == EXIT_DONE)
        say(stdout, "sound: %zu sections, %" PRIu64 " memory frames in %zu snapshot%s\n",
            verification->sections, verification->frames, verification->levels,
            verification->levels == 1 ? "" : "s");
    return verification->exit_code;
}

static int print_json(struct verification *verification)
{
    int printed = json_print(
        json_pack("{s:s, s:b, s:i, s:O, s:O, s:I, s:I}", "schema", "vgic5.verify/1", "sound",
                  verification->exit_code == EXIT_DONE, "exit", verification->exit_code, "faults",
                  verification->faults, "notes", verification->notes, "frames",
                  (json_int_t)verification->frames, "snapshots", (json_int_t)verification->levels));

    return verification->exit_code != EXIT_DONE ? verification->exit_code : printed;
}

static int verify(struct verification *verification)
{
    const struct cli_options *options = verification->options;
    struct vgic5_snapshot_header header;
    struct vgic5_error error = {0};

    if (vgic5_snapshot_read_header_file(options->operand, &header, &error) != 0)
        fault(verification, &error);
    else if (check_container(verification) && verification->exit_code == EXIT_DONE)
        check_meaning(verification);
    progress_end(&verification->progress, verification->exit_code == EXIT_DONE);
    return options->json ? print_json(verification) : print_words(verification);
}

int verb_verify(const struct cli_options *options)
{
    struct verification verification = {
        .options = options, .faults = json_array(), .notes = json_array()};
    int ret;

    if (!progress_begin(&verification.progress, "verify", options->progress))
        ret = report(VERB_verify, EXIT_USAGE, "--progress is '%s', expected bar, json or none",
                     options->progress);
    else
        ret = verify(&verification);
    json_decref(verification.faults);
    json_decref(verification.notes);
    return ret;
}
