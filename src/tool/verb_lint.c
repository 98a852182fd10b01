/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the record of a VMM's ioctls, and says what is wrong with its save and its restore. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/gic_option.h"
#include "tool/json.h"
#include "tool/kvm/lint.h"
#include "tool/report.h"
#include "tool/words.h"

#define SCHEMA "vgic5.kvm-record/1"
#define MOST_VMS 4096
/* A VMM that looks for a VGICv5 touches a few attributes; one that saves touches all. */
#define LEAST_OF_A_PART 8u

struct lint_vm {
    bool ran;
    json_t *lines; /* since the last run */
    unsigned moves;
};

struct trace_reading {
    const struct cli_options *options;
    uint32_t abi;
    struct lint_vm *vms;
    json_t *parts; /* what is said of each */
    size_t findings;
};

/* ---- Parts ----------------------------------------------------------------------------------- */

static void say_part(const json_t *part)
{
    const char *direction, *abi;
    json_int_t vm, there, of;
    size_t n;
    json_t *findings, *finding;

    if (json_unpack((json_t *)(uintptr_t)part, "{s:s, s:s, s:I, s:I, s:I, s:o}", "direction",
                    &direction, "abi", &abi, "vm", &vm, "there", &there, "of", &of, "findings",
                    &findings) != 0)
        return;
    say(stdout, "vm%lld: %s under %s, %lld of %lld steps, %zu findings\n", (long long)vm, direction,
        abi, (long long)there, (long long)of, json_array_size(findings));
    json_array_foreach(findings, n, finding)
    {
        say(stdout, "  %s\n", json_string_value(finding));
    }
}

/* What a VM did between two runs is a restore before its first run, and a save after it. */
static void end_part(struct trace_reading *reading, json_int_t number, struct lint_vm *vm)
{
    struct lint_part part = {number, vm->ran ? VGIC5_SAVE : VGIC5_RESTORE, reading->abi, vm->lines};
    json_t *findings, *said;
    size_t there, of;

    if (vm->lines && vm->moves >= LEAST_OF_A_PART) {
        findings = json_array();
        lint_part(&part, findings, &there, &of);
        reading->findings += json_array_size(findings);
        said = json_pack("{s:I, s:s, s:s, s:I, s:I, s:o}", "vm", number, "direction",
                         vm->ran ? "save" : "restore", "abi", vgic5_abi_name(reading->abi), "there",
                         (json_int_t)there, "of", (json_int_t)of, "findings", findings);
        json_array_append_new(reading->parts, said);
    }
    json_decref(vm->lines);
    vm->lines = NULL;
    vm->moves = 0;
}

/* Does the line move state in the direction of the part? */
static bool moves_state(const struct lint_vm *vm, const char *ioctl, const char *group)
{
    bool is_state = strcmp(group, "GRP_IRS_REGS") == 0 || strcmp(group, "GRP_CPU_SYSREGS") == 0 ||
                    strcmp(group, "GRP_IST") == 0;

    return is_state && strcmp(ioctl, vm->ran ? "KVM_GET_DEVICE_ATTR" : "KVM_SET_DEVICE_ATTR") == 0;
}

static void take(struct trace_reading *reading, json_t *line)
{
    json_int_t number = json_integer_value(json_object_get(line, "vm"));
    const char *ioctl = json_string_value(json_object_get(line, "ioctl"));
    const char *group = json_string_value(json_object_get(line, "group"));
    struct lint_vm *vm = number > 0 && number < MOST_VMS ? &reading->vms[number] : NULL;

    if (!vm || !ioctl)
        return;
    if (strcmp(ioctl, "KVM_RUN") == 0) {
        end_part(reading, number, vm);
        vm->ran = true;
        return;
    }
    if (!vm->lines)
        vm->lines = json_array();
    json_array_append(vm->lines, line);
    vm->moves += group && moves_state(vm, ioctl, group);
}

/* ---- The file -------------------------------------------------------------------------------- */

static int no_record(const char *path, const char *line)
{
    if (strstr(line, "ioctl(") || strncmp(line, "execve(", 7) == 0)
        return report(VERB_lint, EXIT_UNFIT,
                      "%s is strace's: it shows only a pointer for KVM_*_DEVICE_ATTR, and not what "
                      "was moved; record with vgic5 kvm --record FILE -- COMMAND",
                      path);
    return report(
        VERB_lint, EXIT_UNFIT,
        "%s is no record of ioctls (%s): make one with vgic5 kvm --record FILE -- COMMAND", path,
        SCHEMA);
}

static int read_head(struct trace_reading *reading, const char *path, const char *line)
{
    json_t *head = json_loads(line, 0, NULL);
    const char *schema = json_string_value(json_object_get(head, "schema"));
    const char *abi = json_string_value(json_object_get(head, "abi"));
    int ret = EXIT_DONE;

    if (!schema || strcmp(schema, SCHEMA) != 0 || !abi)
        ret = no_record(path, line);
    else if ((reading->abi = gic_option_abi(abi)) == 0)
        ret = report(VERB_lint, EXIT_UNFIT,
                     "%s is of abi %s, which has no interface to save or restore", path, abi);
    json_decref(head);
    return ret;
}

static int read_lines(struct trace_reading *reading, const char *path, FILE *from)
{
    char *line = NULL;
    size_t room = 0, number = 1;
    int ret =
        getline(&line, &room, from) > 0 ? read_head(reading, path, line) : no_record(path, "");

    while (ret == EXIT_DONE && getline(&line, &room, from) > 0) {
        json_error_t error;
        json_t *event = json_loads(line, 0, &error);

        number++;
        if (json_is_object(event))
            take(reading, event);
        else
            ret = report(VERB_lint, EXIT_DAMAGED, "%s, line %zu: %s", path, number, error.text);
        json_decref(event);
    }
    free(line);
    return ret;
}

static int give(struct trace_reading *reading)
{
    size_t n;
    json_t *part;

    if (json_array_size(reading->parts) == 0)
        return report(VERB_lint, EXIT_DIFFERS,
                      "%s has neither a save nor a restore of a VGICv5 in it",
                      reading->options->operand);
    if (reading->options->json)
        json_print(json_pack("{s:s, s:O}", "schema", "vgic5.lint/1", "parts", reading->parts));
    else
        json_array_foreach(reading->parts, n, part) say_part(part);
    return reading->findings ? EXIT_DIFFERS : EXIT_DONE;
}

int verb_lint(const struct cli_options *options)
{
    struct trace_reading reading = {.options = options, .parts = json_array()};
    FILE *from = fopen(options->operand, "re");
    int ret;

    reading.vms = calloc(MOST_VMS, sizeof(*reading.vms));
    if (!from || !reading.vms)
        ret = report(VERB_lint, EXIT_ENVIRONMENT, "%s: %s", options->operand, strerror(errno));
    else
        ret = read_lines(&reading, options->operand, from);
    for (json_int_t n = 1; reading.vms && n < MOST_VMS; n++)
        end_part(&reading, n, &reading.vms[n]);
    if (ret == EXIT_DONE)
        ret = give(&reading);
    if (from)
        fclose(from);
    free(reading.vms);
    json_decref(reading.parts);
    return ret;
}
