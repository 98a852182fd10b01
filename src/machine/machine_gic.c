/* SPDX-License-Identifier: BSD-3-Clause */
/* The VGICv5's place in the machine. */
#include <errno.h>
#include <string.h>

#include "machine/machine_parts.h"

static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    struct machine *machine = opaque;

    return memory_read(&machine->ram, ipa, to, size);
}

/* Code that was translated from there stays as it is: a guest must not execute its IST. */
static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct machine *machine = opaque;

    return memory_write(&machine->ram, ipa, from, size);
}

static void on_line(void *opaque, uint32_t vcpu_id, enum vgic5_line line)
{
    struct machine *machine = opaque;

    struct cpu *cpu;

    if (vcpu_id >= machine->nr_ids)
        return;
    cpu = &machine->cpus[machine->cpu_of_id[vcpu_id]];
    if (machine->is_looking && line != VGIC5_LINE_NONE)
        machine_call(cpu);
    pe_set_line(&cpu->pe, line);
}

struct vgic5_host machine_gic_host(void)
{
    return (struct vgic5_host){
        .size = sizeof(struct vgic5_host),
        .read_guest = read_guest,
        .write_guest = write_guest,
        .line = on_line,
    };
}

void machine_gic_refresh_lines(struct machine *machine)
{
    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        pe_set_line(&machine->cpus[i].pe, vgic5_vcpu_line(machine->cpus[i].pe.gic));
}

static int set(struct machine *machine, uint32_t group, uint64_t attr, const void *payload,
               const char *what, struct vgic5_error *error)
{
    const struct vgic5_attr request = {.group = group, .attr = attr, .addr = (uintptr_t)payload};
    int ret = vgic5_set_attr(machine->gic, &request);

    if (ret == 0)
        return 0;
    return error_set(error, VGIC5_CAUSE_UNFIT, ret, "the VGICv5 refuses %s: %s", what,
                     strerror(-ret));
}

int machine_gic_configure(struct machine *machine, struct vgic5_error *error)
{
    const uint64_t address = MAP_IRS_BASE;
    const uint32_t nr_spis = machine->nr_spis;
    int ret = set(machine, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &address, "its address", error);

    if (ret == 0)
        ret = set(machine, VGIC5_GRP_NR_IRQS, 0, &nr_spis, "its number of SPIs", error);
    if (ret == 0)
        ret = set(machine, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL, "CTRL_INIT", error);
    return ret;
}

/* ---- In the device tree ------------------------------------------------------------------------
 */

/* The PEs that the IRS serves, and by which IAFFID it knows each. */
static void put_irs_cpus(struct tree *tree)
{
    const uint32_t n = tree->machine->nr_vcpus;
    uint32_t phandles[VGIC5_MAX_VCPUS];
    uint16_t iaffids[VGIC5_MAX_VCPUS];

    for (uint32_t i = 0; i < n; i++) {
        phandles[i] = PHANDLE_CPU + i;
        iaffids[i] = (uint16_t)tree_vcpu_id(tree->machine, i);
    }
    tree_put_cells(tree, "cpus", phandles, n);
    tree_put_u16s(tree, "arm,iaffids", iaffids, n);
}

void machine_gic_node(struct tree *tree)
{
    tree_begin(tree, "interrupt-controller");
    tree_put_text(tree, "compatible", "arm,gic-v5");
    tree_put(tree, "interrupt-controller", NULL, 0);
    TREE_PUT_CELLS(tree, "#interrupt-cells", 3);
    tree_put_address_cells(tree, 2, 2);
    tree_put(tree, "ranges", NULL, 0);
    TREE_PUT_CELLS(tree, "phandle", PHANDLE_INTC);
    tree_begin_named(tree, "irs@%x", MAP_IRS_BASE);
    tree_put_text(tree, "compatible", "arm,gic-v5-irs");
    tree_put_reg(tree, MAP_IRS_BASE, VGIC5_IRS_FRAME_SIZE);
    tree_put_text(tree, "reg-names", "ns-config");
    tree_put_address_cells(tree, 2, 2);
    tree_put(tree, "ranges", NULL, 0);
    put_irs_cpus(tree);
    tree_end(tree);
    tree_end(tree);
}
