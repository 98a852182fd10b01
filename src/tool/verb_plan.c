/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints the rows that vgic5_save and vgic5_restore run. */
#include <string.h>

#include <vgic5/migration.h>

#include "tool/gic_option.h"
#include "tool/json.h"
#include "tool/report.h"
#include "tool/words.h"

static json_t *needs_of(uint32_t abi, const struct vgic5_step *step)
{
    json_t *needs = json_array();
    const struct vgic5_step *other;

    for (size_t n = 0; (other = vgic5_plan_step(abi, step->direction, n)) != NULL; n++)
        if (vgic5_step_needs(abi, step, other))
            json_array_append_new(needs, json_string(other->id));
    return needs;
}

static json_t *step_as_json(uint32_t abi, const struct vgic5_step *step)
{
    bool has_attr = step->group != VGIC5_STEP_NO_GROUP && step->loop != VGIC5_LOOP_SYSREGS &&
                    step->loop != VGIC5_LOOP_STATUS;

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:o}", "id", step->id, "name",
                     step->name, "action", vgic5_step_action_name(step->action), "group",
                     vgic5_group_name(step->group), "loop", vgic5_step_loop_name(step->loop),
                     "attr", has_attr ? json_hex(step->attr) : json_null(), "what", step->what,
                     "why", step->why, "needs", needs_of(abi, step));
}

static int print_json(uint32_t abi, enum vgic5_direction direction)
{
    json_t *steps = json_array();
    const struct vgic5_step *step;

    for (size_t n = 0; (step = vgic5_plan_step(abi, direction, n)) != NULL; n++)
        json_array_append_new(steps, step_as_json(abi, step));
    return json_print(json_pack("{s:s, s:s, s:s, s:o}", "schema", "vgic5.plan/1", "abi",
                                vgic5_abi_name(abi), "direction",
                                direction == VGIC5_SAVE ? "save" : "restore", "steps", steps));
}

static int print_words(uint32_t abi, enum vgic5_direction direction)
{
    const struct vgic5_step *step, *other;

    for (size_t n = 0; (step = vgic5_plan_step(abi, direction, n)) != NULL; n++) {
        say(stdout, "%-4s %-4s %-17s %-18s %-14s %s\n", step->id,
            vgic5_step_action_name(step->action), vgic5_group_name(step->group), step->name,
            vgic5_step_loop_name(step->loop), step->what);
        say(stdout, "     why: %s\n", step->why);
        say(stdout, "     after:");
        for (size_t m = 0; (other = vgic5_plan_step(abi, direction, m)) != NULL; m++)
            if (vgic5_step_needs(abi, step, other))
                say(stdout, " %s", other->id);
        say(stdout, "\n");
    }
    return EXIT_DONE;
}

int verb_plan(const struct cli_options *options)
{
    uint32_t abi = gic_option_abi(options->abi ? options->abi : "v1");
    bool save = strcmp(options->operand, "save") == 0;
    enum vgic5_direction direction = save ? VGIC5_SAVE : VGIC5_RESTORE;

    if (!save && strcmp(options->operand, "restore") != 0)
        return report(VERB_plan, EXIT_USAGE, "'%s' is neither save nor restore", options->operand);
    if (abi == 0)
        return report(VERB_plan, EXIT_USAGE, "--abi is '%s', expected v1 or 7.4", options->abi);
    return options->json ? print_json(abi, direction) : print_words(abi, direction);
}
