/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A save and a restore over the port to /dev/kvm against recorded ioctls (tests/kvm/traffic): the
 * port asks what was asked then, and what the save has read is what the restore sets. What was
 * recorded came from the kernel of the tests; a recording of a real one can take its place.
 *
 *     test_traffic DIRECTORY [--record]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "kvm/calls.h"
#include "traffic.h"

static const char *directory;
static bool recording;
static const uint32_t vcpu_ids[2] = {3, 17};

/* ---- The source and the target --------------------------------------------------------------- */

static void guest_write(struct kernel *kernel, uint64_t offset, uint8_t size, uint64_t value)
{
    struct vgic5_mmio access = {.offset = offset, .value = value, .size = size, .is_write = true};

    assert_int_equal(vgic5_mmio(kernel->vmm.device, &access), VGIC5_HANDLED);
}

static void guest_msr(struct kernel *kernel, uint16_t encoding, uint64_t value)
{
    vgic5_cpu_access(vgic5_vcpu(kernel->vmm.device, 17), encoding, true, &value);
}

/* A guest with an LPI IST of 16 entries, a level SPI whose line is high, and something pending. */
static void be_busy(struct kernel *kernel, struct kvm_vm *vm)
{
    const uint64_t base = MAP_IRS_BASE;
    struct vgic5_attr addr = {
        .group = VGIC5_GRP_ADDR, .attr = VGIC5_ADDR_TYPE_IRS, .addr = (uintptr_t)&base};
    struct vgic5_attr init = {.group = VGIC5_GRP_CTRL};

    assert_int_equal(vgic5_set_attr(kernel->vmm.device, &addr), 0);
    assert_int_equal(vgic5_set_attr(kernel->vmm.device, &init), 0);
    assert_int_equal(kvm_vm_run(vm, 17), 0);
    guest_write(kernel, VGIC5_IRS_IST_CFGR, 4, 4);
    guest_write(kernel, VGIC5_IRS_IST_BASER, 8, KVM_VM_RAM_BASE | 1);
    guest_write(kernel, VGIC5_IRS_CR0, 4, 1);
    guest_write(kernel, VGIC5_IRS_SPI_SELR, 4, 9);
    guest_write(kernel, VGIC5_IRS_SPI_CFGR, 4, 1);
    guest_write(kernel, VGIC5_IRS_PE_SELR, 4, 17);
    guest_msr(kernel, VGIC5_CDHM, VGIC5_CDHM_HM | VGIC5_INTID(VGIC5_SPI, 9));
    guest_msr(kernel, VGIC5_CDAFF, UINT64_C(17) << 32 | VGIC5_INTID(VGIC5_LPI, 11));
    guest_msr(kernel, VGIC5_CDEN, VGIC5_INTID(VGIC5_LPI, 11));
    guest_msr(kernel, VGIC5_CDPEND, VGIC5_CDPEND_PENDING | VGIC5_INTID(VGIC5_LPI, 11));
    assert_int_equal(vgic5_irq_line(kernel->vmm.device, VGIC5_IRQ_SPI(9), true), 0);
}

/* The VMM's own book of its lines. */
static int lines(void *opaque, uint64_t *wires, size_t words)
{
    (void)opaque;
    memset(wires, 0, words * sizeof(*wires));
    wires[0] = 1 << 9;
    return 0;
}

/* ---- With a kernel, or with a file ----------------------------------------------------------- */

struct traffic_scene {
    struct traffic traffic;
    struct vgic5_kvm_calls calls, kernel_calls;
    struct kernel kernel;
    struct kvm_vm vm;
    struct vgic5_kvm kvm;
    struct vgic5_port port;
};

static FILE *open_recording(uint32_t abi, const char *what)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s-%s", directory, vgic5_abi_name(abi), what);
    file = fopen(path, recording ? "w" : "r");
    if (!file)
        fail_msg("%s cannot be opened", path);
    return file;
}

static void open_kernel(struct traffic_scene *scene, uint32_t abi)
{
    const char *where;

    kernel_open(&scene->kernel, abi, &scene->kernel_calls);
    assert_int_equal(kvm_vm_open(&scene->vm, &scene->kernel_calls, &where), 0);
    for (unsigned n = 0; n < 2; n++)
        assert_int_equal(kvm_vm_add_vcpu(&scene->vm, vcpu_ids[n]), 0);
    scene->traffic.kernel = &scene->kernel_calls;
}

static void scene_open(struct traffic_scene *scene, uint32_t abi, const char *what)
{
    memset(scene, 0, sizeof(*scene));
    scene->traffic = (struct traffic){
        .file = open_recording(abi, what), .abi = abi, .nr_spis = VGIC5_NR_SPIS_DEFAULT};
    if (recording)
        open_kernel(scene, abi);
    scene->calls = traffic_calls(&scene->traffic);
    scene->kvm = (struct vgic5_kvm){.size = sizeof(scene->kvm),
                                    .abi = abi,
                                    .calls = &scene->calls,
                                    .vm = KERNEL_VM,
                                    .device = KERNEL_DEVICE,
                                    .nr_vcpus = 2,
                                    .vcpu_ids = vcpu_ids};
    vgic5_port_kvm(&scene->kvm, &scene->port);
    scene->port.get_spi_wires = lines;
}

static void scene_close(struct traffic_scene *scene)
{
    traffic_end(&scene->traffic);
    if (!recording)
        return;
    kvm_vm_close(&scene->vm);
    kernel_close(&scene->kernel);
}

static void check(uint32_t abi)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state;
    struct traffic_scene scene;

    scene_open(&scene, abi, "save");
    if (recording)
        be_busy(&scene.kernel, &scene.vm);
    if (vgic5_save(&scene.port, NULL, &state, &error))
        fail_msg("%s", error.message);
    scene_close(&scene);
    scene_open(&scene, abi, "restore");
    if (vgic5_restore(&scene.port, state, NULL, &error))
        fail_msg("%s", error.message);
    scene_close(&scene);
    vgic5_state_free(state);
}

static void test_v1(void **state)
{
    (void)state;
    check(VGIC5_ABI_V1);
}

static void test_7_4(void **state)
{
    (void)state;
    check(VGIC5_ABI_7_4);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_v1), cmocka_unit_test(test_7_4)};

    if (argc < 2)
        return 2;
    directory = argv[1];
    recording = argc > 2 && strcmp(argv[2], "--record") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
