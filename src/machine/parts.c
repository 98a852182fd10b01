/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/parts.h"

#include "machine/machine_parts.h"
#include "machine/tree.h"

#define CLOCK_HZ 24000000u

static int save_pl011(struct machine *machine, struct vgic5_fields *fields)
{
    return pl011_save(machine->uart, fields);
}

static int load_pl011(struct machine *machine, const struct vgic5_fields *fields,
                      struct vgic5_error *error)
{
    return pl011_load(machine->uart, fields, error);
}

static int save_pl031(struct machine *machine, struct vgic5_fields *fields)
{
    return pl031_save(machine->rtc, fields);
}

static int load_pl031(struct machine *machine, const struct vgic5_fields *fields,
                      struct vgic5_error *error)
{
    return pl031_load(machine->rtc, fields, error);
}

static int save_panic(struct machine *machine, struct vgic5_fields *fields)
{
    return panic_save(&machine->panic, fields);
}

static int load_panic(struct machine *machine, const struct vgic5_fields *fields,
                      struct vgic5_error *error)
{
    return panic_load(&machine->panic, fields, error);
}

/* The clock of the bus, which the devices behind it name: no device itself. */
static void clock_node(struct tree *tree)
{
    tree_begin(tree, "apb-pclk");
    tree_put_text(tree, "compatible", "fixed-clock");
    TREE_PUT_CELLS(tree, "#clock-cells", 0);
    TREE_PUT_CELLS(tree, "clock-frequency", CLOCK_HZ);
    tree_put_text(tree, "clock-output-names", "clk24mhz");
    TREE_PUT_CELLS(tree, "phandle", PHANDLE_CLOCK);
    tree_end(tree);
}

const struct board_part board_parts[NR_BOARD_PARTS] = {
    {"psci", NULL, NULL, machine_psci_node},       {"timer", NULL, NULL, machine_timer_node},
    {"irs", NULL, NULL, machine_gic_node},         {"clock", NULL, NULL, clock_node},
    {"pl011", save_pl011, load_pl011, pl011_node}, {"pl031", save_pl031, load_pl031, pl031_node},
    {"panic", save_panic, load_panic, NULL},
};
