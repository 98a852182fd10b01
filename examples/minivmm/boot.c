/* SPDX-License-Identifier: BSD-3-Clause */
/* An arm64 Image, an initrd and a device tree in guest memory (Linux: arm64/booting). */
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "minivmm.h"

#define TEXT_OFFSET 8 /* in the Image: where it wants to be, from a multiple of 2 MiB */
#define IMAGE_SIZE 16 /* … and how much memory it needs */
#define IMAGE_MAGIC 56
#define TREE_SIZE 0x10000
#define MIB (UINT64_C(1) << 20)

#define GIC 1 /* phandles */
#define CPU 16
#define LEVEL_HIGH 4

/* ---- Files ----------------------------------------------------------------------------------- */

static uint64_t load(struct vmm *vmm, const char *path, uint64_t offset)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint64_t size = 0;
    ssize_t got;

    if (fd < 0)
        die(path);
    while ((got = read(fd, vmm->ram + offset + size, vmm->ram_size - offset - size)) > 0)
        size += (uint64_t)got;
    if (got < 0 || offset + size == vmm->ram_size)
        die(path);
    close(fd);
    return size;
}

/* ---- The device tree ------------------------------------------------------------------------- */

static void cells(void *tree, const char *name, const uint32_t *values, size_t n)
{
    uint32_t swapped[64];

    for (size_t i = 0; i < n; i++)
        swapped[i] = cpu_to_fdt32(values[i]);
    fdt_property(tree, name, swapped, (int)(n * sizeof(*swapped)));
}

#define CELLS(tree, name, ...)                         \
    cells(tree, name, (const uint32_t[]){__VA_ARGS__}, \
          sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define PAIR(value) (uint32_t)((uint64_t)(value) >> 32), (uint32_t)(value)

static void cpus(const struct vmm *vmm, void *tree)
{
    char name[16];

    fdt_begin_node(tree, "cpus");
    CELLS(tree, "#address-cells", 1);
    CELLS(tree, "#size-cells", 0);
    for (uint32_t n = 0; n < vmm->nr_vcpus; n++) {
        snprintf(name, sizeof(name), "cpu@%x", n);
        fdt_begin_node(tree, name);
        fdt_property_string(tree, "device_type", "cpu");
        fdt_property_string(tree, "compatible", "arm,armv8");
        fdt_property_string(tree, "enable-method", "psci");
        CELLS(tree, "reg", n);
        CELLS(tree, "phandle", CPU + n);
        fdt_end_node(tree);
    }
    fdt_end_node(tree);
}

static void gic(const struct vmm *vmm, void *tree)
{
    uint32_t phandles[MOST_VCPUS];
    uint16_t iaffids[MOST_VCPUS];

    for (uint32_t n = 0; n < vmm->nr_vcpus; n++) {
        phandles[n] = CPU + n;
        iaffids[n] = cpu_to_fdt16((uint16_t)n); /* the vCPU's id */
    }
    fdt_begin_node(tree, "interrupt-controller");
    fdt_property_string(tree, "compatible", "arm,gic-v5");
    fdt_property(tree, "interrupt-controller", NULL, 0);
    CELLS(tree, "#interrupt-cells", 3);
    CELLS(tree, "#address-cells", 2);
    CELLS(tree, "#size-cells", 2);
    fdt_property(tree, "ranges", NULL, 0);
    CELLS(tree, "phandle", GIC);
    fdt_begin_node(tree, "irs@3fff0000");
    fdt_property_string(tree, "compatible", "arm,gic-v5-irs");
    CELLS(tree, "reg", PAIR(IRS_BASE), PAIR(VGIC5_IRS_FRAME_SIZE));
    fdt_property_string(tree, "reg-names", "ns-config");
    CELLS(tree, "#address-cells", 2);
    CELLS(tree, "#size-cells", 2);
    fdt_property(tree, "ranges", NULL, 0);
    cells(tree, "cpus", phandles, vmm->nr_vcpus);
    fdt_property(tree, "arm,iaffids", iaffids, (int)(vmm->nr_vcpus * sizeof(*iaffids)));
    fdt_end_node(tree);
    fdt_end_node(tree);
}

static void devices(void *tree)
{
    fdt_begin_node(tree, "psci");
    fdt_property_string(tree, "compatible", "arm,psci-1.0");
    fdt_property_string(tree, "method", "hvc");
    fdt_end_node(tree);
    fdt_begin_node(tree, "timer"); /* secure, physical, virtual, hypervisor: PPIs */
    fdt_property_string(tree, "compatible", "arm,armv8-timer");
    CELLS(tree, "interrupts", VGIC5_PPI, 29, LEVEL_HIGH, VGIC5_PPI, VGIC5_PPI_CNTP, LEVEL_HIGH,
          VGIC5_PPI, VGIC5_PPI_CNTV, LEVEL_HIGH, VGIC5_PPI, 26, LEVEL_HIGH);
    fdt_property(tree, "always-on", NULL, 0);
    fdt_end_node(tree);
    fdt_begin_node(tree, "serial@9000000"); /* without an interrupt: Linux polls it */
    fdt_property_string(tree, "compatible", "ns16550a");
    CELLS(tree, "reg", PAIR(UART_BASE), PAIR(0x1000));
    CELLS(tree, "clock-frequency", 1843200);
    fdt_end_node(tree);
}

static void chosen(const struct vmm *vmm, void *tree, const char *append, uint64_t initrd,
                   uint64_t initrd_size)
{
    fdt_begin_node(tree, "chosen");
    fdt_property_string(tree, "bootargs", append);
    fdt_property_string(tree, "stdout-path", "/serial@9000000");
    if (initrd_size > 0) {
        CELLS(tree, "linux,initrd-start", PAIR(RAM_BASE + initrd));
        CELLS(tree, "linux,initrd-end", PAIR(RAM_BASE + initrd + initrd_size));
    }
    fdt_end_node(tree);
    fdt_begin_node(tree, "memory@80000000");
    fdt_property_string(tree, "device_type", "memory");
    CELLS(tree, "reg", PAIR(RAM_BASE), PAIR(vmm->ram_size));
    fdt_end_node(tree);
}

static void write_tree(struct vmm *vmm, uint64_t at, const char *append, uint64_t initrd,
                       uint64_t initrd_size)
{
    void *tree = vmm->ram + at;

    fdt_create(tree, TREE_SIZE);
    fdt_finish_reservemap(tree);
    fdt_begin_node(tree, "");
    fdt_property_string(tree, "compatible", "linux,dummy-virt");
    CELLS(tree, "#address-cells", 2);
    CELLS(tree, "#size-cells", 2);
    CELLS(tree, "interrupt-parent", GIC);
    fdt_property(tree, "dma-coherent", NULL, 0);
    chosen(vmm, tree, append, initrd, initrd_size);
    cpus(vmm, tree);
    gic(vmm, tree);
    devices(tree);
    fdt_end_node(tree);
    if (fdt_finish(tree) != 0) { /* a failure of any call before is one here */
        errno = ENOSPC;
        die("the device tree");
    }
}

/* ---- The entry ------------------------------------------------------------------------------- */

static void set_register(const struct vcpu *vcpu, uint64_t offset, uint64_t value)
{
    /* A core register of 64 bits: its place in struct kvm_regs, in units of 32 bits. */
    const struct kvm_one_reg reg = {.id = UINT64_C(0x6030000000100000) | offset / 4,
                                    .addr = (uintptr_t)&value};

    if (ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg) != 0)
        die("KVM_SET_ONE_REG");
}

void boot(struct vmm *vmm, const char *kernel, const char *initrd, const char *append)
{
    uint64_t text_offset, image_size, initrd_at, initrd_size = 0, tree_at;
    uint64_t file_size = load(vmm, kernel, 0);

    if (file_size < 64 || memcmp(vmm->ram + IMAGE_MAGIC, "ARM\x64", 4) != 0) {
        errno = ENOEXEC;
        die(kernel);
    }
    memcpy(&text_offset, vmm->ram + TEXT_OFFSET, sizeof(text_offset));
    memcpy(&image_size, vmm->ram + IMAGE_SIZE, sizeof(image_size));
    if (text_offset > 0)
        memmove(vmm->ram + text_offset, vmm->ram, file_size);
    initrd_at = (text_offset + image_size + 2 * MIB - 1) / (2 * MIB) * (2 * MIB);
    if (initrd)
        initrd_size = load(vmm, initrd, initrd_at);
    tree_at = (initrd_at + initrd_size + 2 * MIB - 1) / (2 * MIB) * (2 * MIB);
    if (tree_at + TREE_SIZE > vmm->ram_size) {
        errno = ENOSPC;
        die("guest memory");
    }
    write_tree(vmm, tree_at, append, initrd_at, initrd_size);
    set_register(&vmm->vcpus[0], 0, RAM_BASE + tree_at);       /* X0 */
    set_register(&vmm->vcpus[0], 256, RAM_BASE + text_offset); /* PC */
}
