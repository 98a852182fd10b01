/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/fdt.h"

#include <errno.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/device.h>

#include "machine/bus.h"

/* Linux arm64 booting: the tree is 8-byte aligned and no larger than this. */
#define TREE_ALIGN 8u
#define TREE_MAX ((uint64_t)2 << 20)

#define PHANDLE_CLOCK 1u
#define PHANDLE_INTC 2u
#define PHANDLE_CPU 0x100u /* and behind */

#define CLOCK_HZ 24000000u

/* #interrupt-cells = 3: type, id, flags. The type is that of the INTID. */
#define LEVEL_HIGH 4u

/* libfdt's sequential writer; the first failure is kept, and makes the rest do nothing. */
struct tree {
    void *blob;
    int error; /* FDT_ERR_* */
};

static void keep(struct tree *tree, int r)
{
    if (!tree->error)
        tree->error = r;
}

static void begin(struct tree *tree, const char *name)
{
    if (!tree->error)
        keep(tree, fdt_begin_node(tree->blob, name));
}

__attribute__((format(printf, 2, 3))) static void begin_named(struct tree *tree, const char *format,
                                                              ...)
{
    char name[32];
    va_list args;

    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    begin(tree, name);
}

static void end(struct tree *tree)
{
    if (!tree->error)
        keep(tree, fdt_end_node(tree->blob));
}

static void put(struct tree *tree, const char *name, const void *value, size_t size)
{
    if (!tree->error)
        keep(tree,
             size > TREE_MAX ? -FDT_ERR_NOSPACE : fdt_property(tree->blob, name, value, (int)size));
}

static void put_text(struct tree *tree, const char *name, const char *text)
{
    put(tree, name, text, strlen(text) + 1);
}

/* A list of strings, as a literal with NULs between them. */
#define PUT_TEXTS(tree, name, literal) put(tree, name, literal, sizeof(literal))
#define CELLS(...) ((const uint32_t[]){__VA_ARGS__})
#define PUT_CELLS(tree, name, ...) \
    put_cells(tree, name, CELLS(__VA_ARGS__), sizeof(CELLS(__VA_ARGS__)) / sizeof(uint32_t))

static void put_cells(struct tree *tree, const char *name, const uint32_t *cells, size_t n)
{
    void *to = NULL;

    if (tree->error)
        return;
    keep(tree, fdt_property_placeholder(tree->blob, name, (int)(n * sizeof(uint32_t)), &to));
    if (tree->error)
        return;
    for (size_t i = 0; i < n; i++)
        fdt32_st((uint8_t *)to + i * sizeof(uint32_t), cells[i]);
}

/* Address and size, in two cells each. */
static void put_reg(struct tree *tree, uint64_t base, uint64_t size)
{
    PUT_CELLS(tree, "reg", (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
              (uint32_t)size);
}

static void put_u64(struct tree *tree, const char *name, uint64_t value)
{
    PUT_CELLS(tree, name, (uint32_t)(value >> 32), (uint32_t)value);
}

static void put_address_cells(struct tree *tree, uint32_t address, uint32_t size)
{
    PUT_CELLS(tree, "#address-cells", address);
    PUT_CELLS(tree, "#size-cells", size);
}

static uint32_t vcpu_id(const struct fdt_description *d, uint32_t n)
{
    return d->vcpu_ids ? d->vcpu_ids[n] : n;
}

static void put_cpus(struct tree *tree, const struct fdt_description *d)
{
    begin(tree, "cpus");
    put_address_cells(tree, 1, 0);
    for (uint32_t n = 0; n < d->nr_vcpus; n++) {
        uint32_t affinity = (uint32_t)vgic5_mpidr_of_vcpu(vcpu_id(d, n));

        begin_named(tree, "cpu@%x", affinity);
        put_text(tree, "device_type", "cpu");
        put_text(tree, "compatible", "arm,armv8");
        put_text(tree, "enable-method", "psci");
        PUT_CELLS(tree, "reg", affinity);
        PUT_CELLS(tree, "phandle", PHANDLE_CPU + n);
        end(tree);
    }
    end(tree);
}

static void put_psci(struct tree *tree)
{
    begin(tree, "psci");
    PUT_TEXTS(tree, "compatible", "arm,psci-1.0\0arm,psci-0.2");
    put_text(tree, "method", "hvc");
    end(tree);
}

/* PPIs in the binding's order: secure, physical, virtual, hypervisor, virtual hypervisor. */
static void put_timer(struct tree *tree)
{
    begin(tree, "timer");
    put_text(tree, "compatible", "arm,armv8-timer");
    PUT_CELLS(tree, "interrupts", VGIC5_PPI, 29, LEVEL_HIGH, VGIC5_PPI, VGIC5_PPI_CNTP, LEVEL_HIGH,
              VGIC5_PPI, VGIC5_PPI_CNTV, LEVEL_HIGH, VGIC5_PPI, 26, LEVEL_HIGH, VGIC5_PPI, 28,
              LEVEL_HIGH);
    put(tree, "always-on", NULL, 0);
    end(tree);
}

/* The PEs that the IRS serves, and by which IAFFID it knows each. */
static void put_irs_cpus(struct tree *tree, const struct fdt_description *d)
{
    uint32_t phandles[VGIC5_MAX_VCPUS];
    void *to = NULL;

    for (uint32_t n = 0; n < d->nr_vcpus; n++)
        phandles[n] = PHANDLE_CPU + n;
    put_cells(tree, "cpus", phandles, d->nr_vcpus);
    if (tree->error)
        return;
    keep(tree, fdt_property_placeholder(tree->blob, "arm,iaffids",
                                        (int)(d->nr_vcpus * sizeof(uint16_t)), &to));
    for (uint32_t n = 0; !tree->error && n < d->nr_vcpus; n++) {
        uint16_t iaffid = cpu_to_fdt16((uint16_t)vcpu_id(d, n));

        memcpy((uint8_t *)to + n * sizeof(iaffid), &iaffid, sizeof(iaffid));
    }
}

static void put_intc(struct tree *tree, const struct fdt_description *d)
{
    begin(tree, "interrupt-controller");
    put_text(tree, "compatible", "arm,gic-v5");
    put(tree, "interrupt-controller", NULL, 0);
    PUT_CELLS(tree, "#interrupt-cells", 3);
    put_address_cells(tree, 2, 2);
    put(tree, "ranges", NULL, 0);
    PUT_CELLS(tree, "phandle", PHANDLE_INTC);
    begin_named(tree, "irs@%x", MAP_IRS_BASE);
    put_text(tree, "compatible", "arm,gic-v5-irs");
    put_reg(tree, MAP_IRS_BASE, VGIC5_IRS_FRAME_SIZE);
    put_text(tree, "reg-names", "ns-config");
    put_address_cells(tree, 2, 2);
    put(tree, "ranges", NULL, 0);
    put_irs_cpus(tree, d);
    end(tree);
    end(tree);
}

static void put_clock(struct tree *tree)
{
    begin(tree, "apb-pclk");
    put_text(tree, "compatible", "fixed-clock");
    PUT_CELLS(tree, "#clock-cells", 0);
    PUT_CELLS(tree, "clock-frequency", CLOCK_HZ);
    put_text(tree, "clock-output-names", "clk24mhz");
    PUT_CELLS(tree, "phandle", PHANDLE_CLOCK);
    end(tree);
}

static void put_pl011(struct tree *tree)
{
    begin_named(tree, "pl011@%x", MAP_PL011_BASE);
    PUT_TEXTS(tree, "compatible", "arm,pl011\0arm,primecell");
    put_reg(tree, MAP_PL011_BASE, 0x1000);
    PUT_CELLS(tree, "interrupts", VGIC5_SPI, SPI_PL011, LEVEL_HIGH);
    PUT_CELLS(tree, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
    PUT_TEXTS(tree, "clock-names", "uartclk\0apb_pclk");
    end(tree);
}

static void put_pl031(struct tree *tree)
{
    begin_named(tree, "pl031@%x", MAP_PL031_BASE);
    PUT_TEXTS(tree, "compatible", "arm,pl031\0arm,primecell");
    put_reg(tree, MAP_PL031_BASE, 0x1000);
    PUT_CELLS(tree, "interrupts", VGIC5_SPI, SPI_PL031, LEVEL_HIGH);
    PUT_CELLS(tree, "clocks", PHANDLE_CLOCK);
    put_text(tree, "clock-names", "apb_pclk");
    end(tree);
}

static void put_memory(struct tree *tree, const struct fdt_description *d)
{
    begin_named(tree, "memory@%llx", (unsigned long long)d->ram_base);
    put_text(tree, "device_type", "memory");
    put_reg(tree, d->ram_base, d->ram_size);
    end(tree);
}

/* No seeds: the same machine gives the same tree. */
static void put_chosen(struct tree *tree, const struct fdt_description *d)
{
    char path[32];

    snprintf(path, sizeof(path), "/pl011@%x", MAP_PL011_BASE);
    begin(tree, "aliases");
    put_text(tree, "serial0", path);
    end(tree);
    begin(tree, "chosen");
    put_text(tree, "stdout-path", path);
    if (d->append)
        put_text(tree, "bootargs", d->append);
    if (d->initrd_end != d->initrd_start) {
        put_u64(tree, "linux,initrd-start", d->initrd_start);
        put_u64(tree, "linux,initrd-end", d->initrd_end);
    }
    end(tree);
}

static void put_root(struct tree *tree, const struct fdt_description *d)
{
    begin(tree, "");
    put_text(tree, "compatible", "linux,dummy-virt");
    put_text(tree, "model", "linux,dummy-virt");
    put_address_cells(tree, 2, 2);
    PUT_CELLS(tree, "interrupt-parent", PHANDLE_INTC);
    put(tree, "dma-coherent", NULL, 0);
    put_chosen(tree, d);
    put_memory(tree, d);
    put_cpus(tree, d);
    put_psci(tree);
    put_timer(tree);
    put_intc(tree, d);
    put_clock(tree);
    put_pl011(tree);
    if (d->pl031)
        put_pl031(tree);
    end(tree);
}

/* 0 or FDT_ERR_*. */
static int build(void *blob, size_t size, const struct fdt_description *d)
{
    struct tree tree = {.blob = blob};

    keep(&tree, fdt_create(blob, (int)size));
    if (!tree.error)
        keep(&tree, fdt_finish_reservemap(blob));
    put_root(&tree, d);
    if (!tree.error)
        keep(&tree, fdt_finish(blob));
    return tree.error;
}

/* IAFFIDs are 16 bits wide in the binding. */
static bool describable(const struct fdt_description *d)
{
    if (d->nr_vcpus == 0 || d->nr_vcpus > VGIC5_MAX_VCPUS)
        return false;
    for (uint32_t n = 0; n < d->nr_vcpus; n++) {
        if (vcpu_id(d, n) > UINT16_MAX)
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
