/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines of SPIs across a restore, through the port of the model, which sets levels, and through
 * the one to /dev/kvm, which has KVM_IRQ_LINE alone: nothing is lost, nothing comes twice, and what
 * the device does next is one interrupt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kvm/numbers.h"
#include "port_vm.h"

/* Of what CDIA reads; CDPEND's and CDHM's own bit is there, too. */
#define VALID VGIC5_CDIA_VALID
#define THE_VCPU 3u

/* ---- What the source's SPIs are -------------------------------------------------------------- */

static const struct spi {
    const char *what;
    bool level_triggered;
    bool handled_as_level; /* CDHM, where it says so */
    bool wire;             /* when the VM is saved */
    bool was_raised;       /* and lowered again, before */
    bool cdpend;
    unsigned interrupts; /* that the restored guest takes before its device does anything */
} spis[] = {
    {"an idle edge SPI", .interrupts = 0},
    {"an edge SPI, raised and lowered", .was_raised = true, .interrupts = 1},
    {"an edge SPI whose wire is high", .wire = true, .interrupts = 1},
    {"an edge SPI of CDPEND", .cdpend = true, .interrupts = 1},
    {"an idle level SPI", .level_triggered = true, .interrupts = 0},
    {"an idle level SPI that CDHM has touched", true, true, .interrupts = 0},
    {"a level SPI, raised and lowered", true, .was_raised = true, .interrupts = 0},
    {"a level SPI whose wire is high", true, .wire = true, .interrupts = 1},
    {"a level SPI of CDPEND over a low wire", true, .cdpend = true, .interrupts = 1},
    {"the same, and CDHM has touched it", true, true, .cdpend = true, .interrupts = 1},
};
#define NR_SPIS (sizeof(spis) / sizeof(spis[0]))

/* ---- A VM, and its guest --------------------------------------------------------------------- */

/* The VMM's own book of its lines. */
static int book(void *opaque, uint64_t *wires, size_t words)
{
    (void)opaque;
    for (size_t n = 0; n < words; n++)
        wires[n] = 0;
    for (uint32_t id = 0; id < NR_SPIS; id++)
        wires[0] |= (uint64_t)spis[id].wire << id;
    return 0;
}

static void vm_open(struct port_vm *vm, uint32_t abi, bool over_kvm)
{
    const uint32_t id = THE_VCPU;

    port_vm_open(vm, abi);
    port_vm_make(vm, &id, 1, false);
    if (over_kvm)
        vm->port.get_spi_wires = book;
    else
        vgic5_port_model(vm->kernel.vmm.device, &vm->port);
}

static void line(struct port_vm *vm, uint32_t id, bool level)
{
    assert_int_equal(vgic5_irq_line(vm->kernel.vmm.device, VGIC5_IRQ_SPI(id), level), 0);
}

static void guest_write(struct port_vm *vm, uint64_t offset, uint64_t value)
{
    assert_true(vmm_mmio_write(&vm->kernel.vmm, offset, 4, value));
}

static uint64_t guest_cpu(struct port_vm *vm, uint16_t encoding, bool is_write, uint64_t value)
{
    struct vgic5_vcpu *vcpu = vgic5_vcpu(vm->kernel.vmm.device, THE_VCPU);

    assert_int_equal(vgic5_cpu_access(vcpu, encoding, is_write, &value), VGIC5_HANDLED);
    return value;
}

static void configure(struct port_vm *vm, uint32_t id)
{
    uint64_t intid = VGIC5_INTID(VGIC5_SPI, id);

    guest_write(vm, VGIC5_IRS_SPI_SELR, id);
    guest_write(vm, VGIC5_IRS_SPI_CFGR, spis[id].level_triggered);
    guest_cpu(vm, VGIC5_CDAFF, true, (uint64_t)THE_VCPU << 32 | intid);
    guest_cpu(vm, VGIC5_CDPRI, true, UINT64_C(8) << 35 | intid);
    guest_cpu(vm, VGIC5_CDEN, true, intid);
    if (spis[id].handled_as_level)
        guest_cpu(vm, VGIC5_CDHM, true, VALID | intid);
    if (spis[id].was_raised) {
        line(vm, id, true);
        line(vm, id, false);
    }
    line(vm, id, spis[id].wire);
    if (spis[id].cdpend)
        guest_cpu(vm, VGIC5_CDPEND, true, VALID | intid);
}

static void be_a_guest(struct port_vm *vm)
{
    struct vmm *vmm = &vm->kernel.vmm;

    assert_int_equal(vmm_set_u64(vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE), 0);
    assert_int_equal(vmm_set(vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(kvm_vm_run(&vm->vm, THE_VCPU), 0);
    guest_write(vm, VGIC5_IRS_CR0, 1);
    guest_cpu(vm, VGIC5_ICC_CR0, true, 1);
    guest_cpu(vm, VGIC5_ICC_PCR, true, 31);
    for (uint32_t id = 0; id < NR_SPIS; id++)
        configure(vm, id);
}

/* The guest's handler for each interrupt: it acknowledges, quiets the device, and ends. */
static void take_all(struct port_vm *vm, unsigned *taken)
{
    for (unsigned n = 0; n < 4 * NR_SPIS; n++) {
        uint64_t intid = guest_cpu(vm, VGIC5_CDIA, false, 0);
        uint32_t id = (uint32_t)intid & 0xffffff;

        if (!(intid & VALID))
            return;
        assert_true(id < NR_SPIS);
        taken[id]++;
        if (spis[id].level_triggered) {
            line(vm, id, false);
            guest_cpu(vm, VGIC5_CDPEND, true, VGIC5_INTID(VGIC5_SPI, id));
        }
        guest_cpu(vm, VGIC5_CDEOI, true, 0);
        guest_cpu(vm, VGIC5_CDDI, true, VGIC5_INTID(VGIC5_SPI, id));
    }
    fail_msg("interrupts without an end");
}

/* ---- Across the restore ---------------------------------------------------------------------- */

static struct vgic5_state *saved_by(struct port_vm *vm)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state;

    if (vgic5_save(&vm->port, NULL, &state, &error))
        fail_msg("%s", error.message);
    return state;
}

/* The restored VM is the source: every entry, every mode. */
static void check_same(const struct vgic5_state *source, struct port_vm *target)
{
    struct vgic5_state *state = saved_by(target);

    for (uint32_t id = 0; id < NR_SPIS; id++) {
        bool level[2], wire[2];
        uint32_t was = vgic5_state_spi(source, id, &level[0], &wire[0]);
        uint32_t is = vgic5_state_spi(state, id, &level[1], &wire[1]);

        if (was != is || level[0] != level[1] || wire[0] != wire[1])
            fail_msg("%s: entry 0x%x, after the restore 0x%x", spis[id].what, was, is);
    }
    vgic5_state_free(state);
}

static void check_interrupts(struct port_vm *target)
{
    unsigned taken[NR_SPIS] = {0};

    take_all(target, taken);
    for (uint32_t id = 0; id < NR_SPIS; id++) {
        if (taken[id] != spis[id].interrupts)
            fail_msg("%s: %u interrupts, expected %u", spis[id].what, taken[id],
                     spis[id].interrupts);
    }
    for (uint32_t id = 0; id < NR_SPIS; id++) { /* the device goes on from its own wire's level */
        if (spis[id].wire && !spis[id].level_triggered)
            line(target, id, false);
        line(target, id, true);
    }
    take_all(target, taken);
    for (uint32_t id = 0; id < NR_SPIS; id++) {
        if (taken[id] != spis[id].interrupts + 1)
            fail_msg("%s: %u interrupts of the next raise", spis[id].what,
                     taken[id] - spis[id].interrupts);
    }
}

/* Which lines a restore has driven, and how. */
static void check_driven(const struct kernel *kernel)
{
    unsigned driven = 0, high = 0;

    for (unsigned n = 0; n < kernel->nr_lines; n++)
        driven += kernel->lines[n].request == KVM_IRQ_LINE;
    for (uint32_t id = 0; id < NR_SPIS; id++)
        high += spis[id].level_triggered && spis[id].wire;
    assert_int_equal(driven, high);
}

static void check(uint32_t abi, bool over_kvm)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state;
    struct port_vm source, target;

    vm_open(&source, abi, over_kvm);
    be_a_guest(&source);
    state = saved_by(&source);
    vm_open(&target, abi, over_kvm);
    if (vgic5_restore(&target.port, state, NULL, &error))
        fail_msg("%s", error.message);
    if (over_kvm)
        check_driven(&target.kernel);
    check_same(state, &target);
    check_interrupts(&target);
    vgic5_state_free(state);
    port_vm_close(&source);
    port_vm_close(&target);
}

static void test_over_the_model(void **state)
{
    (void)state;
    check(VGIC5_ABI_V1, false);
    check(VGIC5_ABI_7_4, false);
}

static void test_over_kvm(void **state)
{
    (void)state;
    check(VGIC5_ABI_V1, true);
    check(VGIC5_ABI_7_4, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_over_the_model),
        cmocka_unit_test(test_over_kvm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
