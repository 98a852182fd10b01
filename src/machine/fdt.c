/* SPDX-License-Identifier: BSD-3-Clause */
/* The root, RAM, the PEs, and what the guest is started with; each part writes its own node. */
#include "machine/fdt.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/device.h>

#include "machine/bus.h"
#include "machine/parts.h"

/* Linux arm64 booting: the tree is 8-byte aligned. */
#define TREE_ALIGN 8u

static void put_cpus(struct tree *tree)
{
    tree_begin(tree, "cpus");
    tree_put_address_cells(tree, 1, 0);
    for (uint32_t n = 0; n < tree->machine->nr_vcpus; n++) {
        uint32_t affinity = (uint32_t)vgic5_mpidr_of_vcpu(tree_vcpu_id(tree->machine, n));

        tree_begin_named(tree, "cpu@%x", affinity);
        tree_put_text(tree, "device_type", "cpu");
        tree_put_text(tree, "compatible", "arm,armv8");
        tree_put_text(tree, "enable-method", "psci");
        TREE_PUT_CELLS(tree, "reg", affinity);
        TREE_PUT_CELLS(tree, "phandle", PHANDLE_CPU + n);
        tree_end(tree);
    }
    tree_end(tree);
}

static void put_memory(struct tree *tree)
{
    const struct fdt_description *d = tree->machine;

    tree_begin_named(tree, "memory@%llx", (unsigned long long)d->ram_base);
    tree_put_text(tree, "device_type", "memory");
    tree_put_reg(tree, d->ram_base, d->ram_size);
    tree_end(tree);
}

/* No seeds: the same machine gives the same tree. */
static void put_chosen(struct tree *tree)
{
    const struct fdt_description *d = tree->machine;
    char path[32];

    snprintf(path, sizeof(path), "/pl011@%x", MAP_PL011_BASE);
    tree_begin(tree, "aliases");
    tree_put_text(tree, "serial0", path);
    tree_end(tree);
    tree_begin(tree, "chosen");
    tree_put_text(tree, "stdout-path", path);
    if (d->append)
        tree_put_text(tree, "bootargs", d->append);
    if (d->initrd_end != d->initrd_start) {
        tree_put_u64(tree, "linux,initrd-start", d->initrd_start);
        tree_put_u64(tree, "linux,initrd-end", d->initrd_end);
    }
    tree_end(tree);
}

static void put_root(struct tree *tree)
{
    tree_begin(tree, "");
    tree_put_text(tree, "compatible", "linux,dummy-virt");
    tree_put_text(tree, "model", "linux,dummy-virt");
    tree_put_address_cells(tree, 2, 2);
    TREE_PUT_CELLS(tree, "interrupt-parent", PHANDLE_INTC);
    tree_put(tree, "dma-coherent", NULL, 0);
    put_chosen(tree);
    put_memory(tree);
    put_cpus(tree);
    for (size_t i = 0; i < NR_BOARD_PARTS; i++)
        if (board_parts[i].node)
            board_parts[i].node(tree);
    tree_end(tree);
}

/* 0 or FDT_ERR_*. */
static int build(void *blob, size_t size, const struct fdt_description *d)
{
    struct tree tree = {.machine = d, .blob = blob};

    tree_open(&tree, size);
    put_root(&tree);
    tree_close(&tree);
    return tree.error;
}

/* IAFFIDs are 16 bits wide in the binding. */
static bool describable(const struct fdt_description *d)
{
    if (d->nr_vcpus == 0 || d->nr_vcpus > VGIC5_MAX_VCPUS)
        return false;
    for (uint32_t n = 0; n < d->nr_vcpus; n++) {
        if (tree_vcpu_id(d, n) > UINT16_MAX)
            return false;
    }
    return d->initrd_end >= d->initrd_start;
}

int fdt_write(struct memory *memory, uint64_t at, uint64_t room, const struct fdt_description *d)
{
    void *to = memory_at(memory, at, room);
    size_t size = (size_t)(room < TREE_MAX ? room : TREE_MAX);
    void *blob;
    int ret;

    if (!to)
        return -EFAULT;
    if (at % TREE_ALIGN != 0 || !describable(d))
        return -EINVAL;
    /* Built aside: guest memory changes only when the tree is complete. */
    blob = calloc(1, size + 1);
    if (!blob)
        return -ENOMEM;
    ret = build(blob, size, d);
    if (!ret)
        memcpy(to, blob, fdt_totalsize(blob));
    free(blob);
    return ret ? -ENOSPC : 0;
}
