/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/registers.h"

#define NOWHERE SIZE_MAX
#define MOST_STEPS 64u

/* Where in the part a step was carried out. */
struct lint_span {
    size_t first, last; /* NOWHERE: not at all */
};

struct lint {
    const struct lint_part *part;
    json_t *findings;
    const struct vgic5_step *steps[MOST_STEPS];
    struct lint_span places[MOST_STEPS];
    size_t nr_steps;
};

static void found(struct lint *lint, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) >= 0) {
        json_array_append_new(lint->findings, json_string(text));
        free(text);
    }
    va_end(arguments);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    return text ? text : "";
}

static json_int_t number_of(const json_t *line)
{
    return json_integer_value(json_object_get(line, "n"));
}

static const json_t *line_at(const struct lint *lint, size_t at)
{
    return json_array_get(lint->part->lines, at);
}

static bool is_access(const json_t *line, enum vgic5_step_action action)
{
    return strcmp(text_of(line, "object"), "device") == 0 &&
           strcmp(text_of(line, "ioctl"),
                  action == VGIC5_STEP_GET ? "KVM_GET_DEVICE_ATTR" : "KVM_SET_DEVICE_ATTR") == 0;
}

static bool is_done(const json_t *line)
{
    return !json_object_get(line, "error");
}

/* ---- From lines to steps --------------------------------------------------------------------- */

static bool is_selector(const struct vgic5_step *step)
{
    return step->action == VGIC5_STEP_SET && step->group == VGIC5_GRP_IRS_REGS &&
           (step->attr == IRS_PE_SELR_AT || step->attr == IRS_SPI_SELR_AT);
}

static bool is_of(const struct vgic5_step *step, const json_t *line)
{
    if (step->action == VGIC5_STEP_PORT)
        return strcmp(text_of(line, "ioctl"), "KVM_CREATE_VCPU") == 0;
    return is_access(line, step->action) &&
           strcmp(text_of(line, "group"), vgic5_group_name(step->group)) == 0 &&
           (step->loop == VGIC5_LOOP_SYSREGS ||
            strtoull(text_of(line, "attr"), NULL, 16) == step->attr);
}

/* Is the step one that leaves a line in the record, and that no VMM may leave out? */
static bool is_visible(const struct vgic5_step *step)
{
    if (step->action == VGIC5_STEP_PORT)
        return step->direction == VGIC5_RESTORE && strcmp(step->name, "VCPUS") == 0;
    return step->action != VGIC5_STEP_VMM && step->group != VGIC5_STEP_NO_GROUP &&
           step->loop != VGIC5_LOOP_STATUS;
}

/* A register that is read once more, to see that the VM stood still: a VMM may do without. */
static bool is_again(const struct lint *lint, size_t n)
{
    const struct vgic5_step *step = lint->steps[n];

    for (size_t before = 0; before < n; before++)
        if (lint->steps[before]->action == step->action &&
            lint->steps[before]->group == step->group && lint->steps[before]->attr == step->attr &&
            lint->steps[before]->loop == step->loop && is_visible(step))
            return true;
    return false;
}

/* Of what is done once the first time counts, of a selection the last: loops move it before. */
static struct lint_span place_of(const struct lint *lint, const struct vgic5_step *step)
{
    struct lint_span place = {NOWHERE, NOWHERE};

    for (size_t at = 0; at < json_array_size(lint->part->lines); at++) {
        const json_t *line = line_at(lint, at);

        if (!is_of(step, line) || !is_done(line))
            continue;
        if (place.first == NOWHERE)
            place.first = at;
        place.last = at;
    }
    if (is_selector(step))
        place.first = place.last;
    else if (step->loop == VGIC5_LOOP_ONCE && step->action != VGIC5_STEP_PORT)
        place.last = place.first;
    return place;
}

static void find_steps(struct lint *lint)
{
    const struct vgic5_step *step;

    for (size_t n = 0; n < MOST_STEPS; n++) {
        step = vgic5_plan_step(lint->part->abi, lint->part->direction, n);
        if (!step)
            break;
        lint->steps[n] = step;
        lint->nr_steps = n + 1;
        lint->places[n] = is_visible(step) && !is_again(lint, n)
                              ? place_of(lint, step)
                              : (struct lint_span){NOWHERE, NOWHERE};
    }
}

/* ---- What is wrong --------------------------------------------------------------------------- */

static void check_missing(struct lint *lint, size_t *there, size_t *of)
{
    for (size_t n = 0; n < lint->nr_steps; n++) {
        const struct vgic5_step *step = lint->steps[n];

        if (!is_visible(step) || is_again(lint, n))
            continue;
        ++*of;
        *there += lint->places[n].first != NOWHERE;
        if (lint->places[n].first == NOWHERE)
            found(lint, "missing: %s %s, %s: %s", step->id, step->name, step->what, step->why);
    }
}

static void check_order(struct lint *lint)
{
    for (size_t n = 0; n < lint->nr_steps; n++) {
        for (size_t m = 0; m < lint->nr_steps; m++) {
            const struct vgic5_step *step = lint->steps[n], *other = lint->steps[m];
            size_t first = lint->places[n].first, last = lint->places[m].last;

            if (first == NOWHERE || last == NOWHERE || first > last ||
                !vgic5_step_needs(lint->part->abi, step, other))
                continue;
            found(lint, "wrong place: %s %s (call %lld) must come after %s %s (call %lld): %s",
                  step->id, step->name, (long long)number_of(line_at(lint, first)), other->id,
                  other->name, (long long)number_of(line_at(lint, last)), step->why);
        }
    }
}

/* Is the same call answered with success later? GRP_IST may be tried again after EBUSY. */
static bool is_repeated(const struct lint *lint, size_t at)
{
    const json_t *line = line_at(lint, at);

    for (size_t later = at + 1; later < json_array_size(lint->part->lines); later++) {
        const json_t *other = line_at(lint, later);

        if (is_done(other) && strcmp(text_of(other, "ioctl"), text_of(line, "ioctl")) == 0 &&
            strcmp(text_of(other, "group"), text_of(line, "group")) == 0 &&
            strcmp(text_of(other, "attr"), text_of(line, "attr")) == 0)
            return true;
    }
    return false;
}

static void check_answers(struct lint *lint)
{
    for (size_t at = 0; at < json_array_size(lint->part->lines); at++) {
        const json_t *line = line_at(lint, at);
        bool is_set = is_access(line, VGIC5_STEP_SET);
        const char *name = text_of(line, "name"), *value = text_of(line, "payload");

        if ((!is_set && !is_access(line, VGIC5_STEP_GET)) || is_done(line) || is_repeated(lint, at))
            continue;
        found(lint, "refused: %s of %s %s%s%s answered %s (call %lld)", is_set ? "set" : "get",
              text_of(line, "group"), *name ? name : text_of(line, "attr"),
              is_set && *value ? " to " : "", is_set ? value : "", text_of(line, "error"),
              (long long)number_of(line));
    }
}

/* The same register read twice with two values: the VM did not stand still. */
static void check_still(struct lint *lint)
{
    for (size_t n = 0; n < lint->nr_steps; n++) {
        const json_t *first;

        if (lint->part->direction != VGIC5_SAVE || lint->places[n].first == NOWHERE ||
            lint->steps[n]->action != VGIC5_STEP_GET || lint->steps[n]->loop != VGIC5_LOOP_ONCE)
            continue;
        first = line_at(lint, lint->places[n].first);
        for (size_t at = lint->places[n].first + 1; at < json_array_size(lint->part->lines); at++) {
            const json_t *line = line_at(lint, at);

            if (lint->steps[n]->group == VGIC5_GRP_IRS_REGS && is_of(lint->steps[n], line) &&
                is_done(line) && !is_selector(lint->steps[n]) &&
                strcmp(text_of(line, "payload"), text_of(first, "payload")) != 0)
                found(lint,
                      "moved: %s was %s (call %lld) and is %s (call %lld): the VM did not "
                      "stand still",
                      lint->steps[n]->name, text_of(first, "payload"), (long long)number_of(first),
                      text_of(line, "payload"), (long long)number_of(line));
        }
    }
}

/* Each CPU interface that is there at all has all of its registers. */
static void check_sysregs(struct lint *lint)
{
    enum vgic5_step_action action =
        lint->part->direction == VGIC5_SAVE ? VGIC5_STEP_GET : VGIC5_STEP_SET;
    json_t *interfaces = json_object(), *names;
    const char *mpidr;

    for (size_t at = 0; at < json_array_size(lint->part->lines); at++) {
        const json_t *line = line_at(lint, at);

        if (!is_access(line, action) || !is_done(line) ||
            strcmp(text_of(line, "group"), "GRP_CPU_SYSREGS") != 0)
            continue;
        names = json_object_get(interfaces, text_of(line, "mpidr"));
        if (!names) {
            names = json_object();
            json_object_set_new(interfaces, text_of(line, "mpidr"), names);
        }
        json_object_set_new(names, text_of(line, "name"), json_true());
    }
    json_object_foreach(interfaces, mpidr, names)
    {
        for (unsigned n = 0; n < NR_SYSREGS; n++)
            if (!json_object_get(names, cpu_register_carried(n)->name))
                found(lint,
                      "missing: %s of the vCPU with MPIDR %s: each interface has %u registers",
                      cpu_register_carried(n)->name, mpidr, NR_SYSREGS);
    }
    json_decref(interfaces);
}

static uint64_t little_endian(const char *hex)
{
    uint64_t value = 0;

    for (unsigned n = 0; n < 8; n++) {
        unsigned byte;

        if (sscanf(hex + 2 * n, "%2x", &byte) != 1)
            return 0;
        value |= (uint64_t)byte << (8 * n);
    }
    return value;
}

/* Which generation of GRP_IST's payload was meant. */
static void check_generation(struct lint *lint)
{
    for (size_t at = 0; at < json_array_size(lint->part->lines); at++) {
        const json_t *line = line_at(lint, at);
        const char *spis = text_of(line, "spis");

        if (strcmp(text_of(line, "group"), "GRP_IST") != 0)
            continue;
        if (lint->part->abi == VGIC5_ABI_7_4 && strcmp(text_of(line, "error"), "EINVAL") == 0 &&
            !is_repeated(lint, at))
            found(lint,
                  "written for v1: the payload of GRP_IST (call %lld) is not 7.4's struct of "
                  "two buffers with their exact sizes",
                  (long long)number_of(line));
        if (lint->part->abi == VGIC5_ABI_V1 && is_access(line, VGIC5_STEP_SET) &&
            strlen(spis) >= 64 && little_endian(spis + 16) == strlen(spis) / 2)
            found(lint,
                  "written for 7.4: the payload of GRP_IST (call %lld) is a struct of two "
                  "buffers, v1 takes the SPI entries themselves",
                  (long long)number_of(line));
    }
}

void lint_part(const struct lint_part *part, json_t *findings, size_t *there, size_t *of)
{
    struct lint lint = {.part = part, .findings = findings};

    *there = *of = 0;
    find_steps(&lint);
    check_generation(&lint);
    check_missing(&lint, there, of);
    check_order(&lint);
    check_answers(&lint);
    check_still(&lint);
    check_sysregs(&lint);
}
