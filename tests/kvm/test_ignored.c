/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kernel that accepts a set and ignores it, each in turn; one that reads what was never set. The
 * restore finds it before the guest runs, or it makes no difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/numbers.h"
#include "migration/internal.h"
#include "port_vm.h"

#define NR_SPIS 64u
#define LPI_ID_BITS 4u
#define NR_LPIS (1u << LPI_ID_BITS)
#define IST KVM_VM_RAM_BASE
static const uint32_t vcpu_ids[2] = {3, 17};

/* ---- A VM ------------------------------------------------------------------------------------ */

static uint8_t *ram_at(struct port_vm *vm, uint64_t ipa)
{
    return vmm_ram_at(&vm->kernel.vmm, ipa, 4 * NR_LPIS);
}

static void vm_open(struct port_vm *vm, uint32_t abi, bool is_source)
{
    port_vm_open(vm, abi);
    if (is_source) { /* what it says of itself is not what a target says by itself */
        vm->kernel.config.ipa_bits = 44;
        vm->kernel.config.priority_bits = 4;
        vm->kernel.config.lpi_id_bits = 14;
    }
    port_vm_make(vm, vcpu_ids, 2, true);
}

/* ---- The source: nothing is what a device is by itself --------------------------------------- */

static void set(struct port_vm *vm, uint32_t group, uint64_t attr, const void *payload)
{
    assert_int_equal(vmm_set(&vm->kernel.vmm, group, attr, payload), 0);
}

static void set_u64(struct port_vm *vm, uint32_t group, uint64_t attr, uint64_t value)
{
    set(vm, group, attr, &value);
}

static uint32_t entry(uint32_t id)
{
    uint32_t iste = 1u << 3 | (1 + id % 15) << 12 | vcpu_ids[id % 2] << 16; /* enabled */

    return iste | (id % 3 == 0) | (id % 5 == 0 ? 2 : 0);
}

static bool is_level(uint32_t id)
{
    return id % 2;
}

static void fill_tables(struct port_vm *vm)
{
    uint32_t spis[NR_SPIS], lpis[NR_LPIS];
    uint64_t buffers[4] = {(uintptr_t)spis, sizeof(spis), (uintptr_t)lpis, sizeof(lpis)};

    for (uint32_t id = 0; id < NR_SPIS; id++)
        spis[id] = entry(id) | is_level(id) << 2;
    for (uint32_t id = 0; id < NR_LPIS; id++)
        lpis[id] = entry(id + 1);
    memcpy(ram_at(vm, IST), lpis, sizeof(lpis));
    set(vm, VGIC5_GRP_IST, 0, vm->kernel.abi == VGIC5_ABI_7_4 ? (void *)buffers : spis);
    for (uint32_t id = 0; id < NR_SPIS && vm->kernel.abi == VGIC5_ABI_V1; id++) {
        set_u64(vm, VGIC5_GRP_IRS_REGS, IRS_SPI_SELR_AT, id);
        set_u64(vm, VGIC5_GRP_IRS_REGS, IRS_SPI_CFGR_AT, is_level(id));
    }
}

static void fill_interface(struct port_vm *vm, uint32_t vcpu_id)
{
    struct vgic5_config config = {.size = sizeof(config)};

    vgic5_get_config(vm->kernel.vmm.device, &config);
    for (unsigned n = 0; n < NR_SYSREGS; n++) {
        struct sysreg reg = migration_sysreg(n);
        uint64_t value = reg.bits & UINT64_C(0x0e0e0e0e0e0e0e0e);

        if (reg.bits == UINT64_MAX)
            value = config.ppis[0] & (strstr(reg.name, "SPENDR") ? 1u << VGIC5_PPI_SW : UINT64_MAX);
        for (unsigned ppi = 0; ppi < 8 && strstr(reg.name, "PRIORITYR"); ppi++) {
            if (!(config.ppis[0] >> ((8 * (reg.encoding & 7) + ppi) & 63) & 1))
                value &= ~(UINT64_C(0xff) << 8 * ppi);
        }
        if (strcmp(reg.name, "ICC_CR0") == 0)
            value = 1;
        set_u64(vm, VGIC5_GRP_CPU_SYSREGS,
                VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(vcpu_id), reg.encoding), value);
    }
}

static void fill(struct port_vm *vm)
{
    const uint32_t nr_spis = NR_SPIS;

    set_u64(vm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE);
    set(vm, VGIC5_GRP_NR_IRQS, 0, &nr_spis);
    set(vm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    set_u64(vm, VGIC5_GRP_IRS_REGS, IRS_IST_CFGR_AT, LPI_ID_BITS);
    set_u64(vm, VGIC5_GRP_IRS_REGS, IRS_IST_BASER_AT, IST | 1);
    fill_tables(vm);
    set_u64(vm, VGIC5_GRP_IRS_REGS, IRS_CR1_AT, 0xf5d7 & ~0xa00);
    set_u64(vm, VGIC5_GRP_IRS_REGS, IRS_PE_SELR_AT, 3);
    set_u64(vm, VGIC5_GRP_IRS_REGS, IRS_SPI_SELR_AT, 9);
    set_u64(vm, VGIC5_GRP_IRS_REGS, IRS_CR0_AT, 1);
    for (unsigned n = 0; n < 2; n++)
        fill_interface(vm, vcpu_ids[n]);
}

struct source {
    struct vgic5_state *state;
    uint8_t memory[4 * NR_LPIS]; /* of the guest's table */
};

static struct source source_of(uint32_t abi)
{
    struct vgic5_error error = {0};
    struct source source;
    struct port_vm vm;

    vm_open(&vm, abi, true);
    fill(&vm);
    if (vgic5_save(&vm.port, NULL, &source.state, &error))
        fail_msg("%s", error.message);
    memcpy(source.memory, ram_at(&vm, IST), sizeof(source.memory));
    port_vm_close(&vm);
    return source;
}

/* ---- One restore ----------------------------------------------------------------------------- */

static int restore(struct port_vm *vm, const struct source *source, struct vgic5_error *error)
{
    struct vgic5_migration_options options = {
        .size = sizeof(options), .warn = port_vm_warn, .opaque = vm};

    memset(error, 0, sizeof(*error));
    memcpy(ram_at(vm, IST), source->memory, sizeof(source->memory));
    return vgic5_restore(&vm->port, source->state, &options, error);
}

static bool is_same(struct port_vm *vm, const struct source *source)
{
    const struct vgic5_state *was = source->state;
    struct vgic5_state *now;
    bool same;

    if (vgic5_save(&vm->port, NULL, &now, NULL))
        return false;
    same = now->addr == was->addr && now->nr_spis == was->nr_spis &&
           memcmp(now->irs, was->irs, sizeof(now->irs)) == 0 &&
           memcmp(now->spi, was->spi, sizeof(now->spi)) == 0 &&
           memcmp(now->tm, was->tm, sizeof(now->tm)) == 0 &&
           memcmp(now->vcpus, was->vcpus, 2 * sizeof(now->vcpus[0])) == 0 &&
           now->nr_lpis == was->nr_lpis &&
           (!now->lpis || memcmp(now->lpis, was->lpis, 4 * now->nr_lpis) == 0) &&
           memcmp(ram_at(vm, IST), source->memory, sizeof(source->memory)) == 0;

    vgic5_state_free(now);
    return same;
}

static void check_nothing_ran(const struct kernel *kernel)
{
    for (unsigned n = 0; n < kernel->nr_lines; n++)
        assert_int_not_equal(kernel->lines[n].request, KVM_RUN);
}

struct ignored_tally {
    unsigned refused; /* by a later call of the device */
    unsigned found;   /* by the step that reads back */
    unsigned without; /* made no difference */
    unsigned silent;  /* made one, and nobody said so */
};

static void judge(struct port_vm *vm, const struct source *source, struct ignored_tally *tally)
{
    struct vgic5_error error = {0};
    int ret = restore(vm, source, &error);

    check_nothing_ran(&vm->kernel);
    if (ret == 0 && is_same(vm, source))
        tally->without++;
    else if (ret == 0)
        tally->silent++;
    else if (strstr(error.message, "(READ_BACK)"))
        tally->found++;
    else
        tally->refused++;
    if (ret == 0)
        return;
    assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
    if (strstr(error.message, "(READ_BACK)") &&
        (ret != -ENOTSUP || !strstr(error.message, " was set to ")))
        fail_msg("%d \"%s\"", ret, error.message);
}

static struct ignored_tally ignore_each(const struct source *source, uint32_t abi, bool reads_back,
                                        unsigned sets)
{
    struct ignored_tally tally = {0};

    for (unsigned n = 1; n <= sets; n++) {
        struct port_vm vm;

        vm_open(&vm, abi, false);
        vm.port.reads_back = reads_back;
        vm.kernel.ignore_at = n;
        judge(&vm, source, &tally);
        port_vm_close(&vm);
    }
    return tally;
}

/* Those of the steps before the one that reads back, which has some of its own. */
static unsigned sets_of_a_restore(const struct source *source, uint32_t abi)
{
    struct vgic5_error error = {0};
    unsigned sets;
    struct port_vm vm;

    vm_open(&vm, abi, false);
    vm.port.reads_back = false;
    assert_int_equal(restore(&vm, source, &error), 0);
    sets = vm.kernel.sets;
    port_vm_close(&vm);
    return sets;
}

static void check_ignored(uint32_t abi)
{
    struct source source = source_of(abi);
    unsigned sets = sets_of_a_restore(&source, abi);
    struct ignored_tally blind = ignore_each(&source, abi, false, sets);
    struct ignored_tally seeing = ignore_each(&source, abi, true, sets);

    print_message("# %s: %u sets: %u refused by a later call, %u read back, %u without effect; "
                  "without the step %u of them make another guest\n",
                  vgic5_abi_name(abi), sets, seeing.refused, seeing.found, seeing.without,
                  blind.silent);
    assert_true(blind.silent > 20);
    assert_int_equal(seeing.silent, 0);
    assert_int_equal(seeing.found, blind.silent);
    assert_int_equal(seeing.without, blind.without);
    vgic5_state_free(source.state);
}

static void test_each_set_is_ignored_once(void **state)
{
    (void)state;
    check_ignored(VGIC5_ABI_V1);
    check_ignored(VGIC5_ABI_7_4);
}

/* ---- What reads otherwise than it was set ---------------------------------------------------- */

/* One bit of one attribute. A warning, or a refusal in these words. */
static void check_altered(uint32_t abi, uint32_t group, uint64_t attr, uint64_t bits, bool is_known,
                          const char *words)
{
    struct source source = source_of(abi);
    struct vgic5_error error = {0};
    struct port_vm vm;
    int ret;

    vm_open(&vm, abi, false);
    vm.port.get_spi_wires = NULL;
    vm.kernel.altered.group = group;
    vm.kernel.altered.attr = attr;
    vm.kernel.altered.bits = bits;
    ret = restore(&vm, &source, &error);
    if (ret != (is_known ? 0 : -ENOTSUP) || !strstr(is_known ? vm.last : error.message, words))
        fail_msg("%s: %d \"%s\", warned \"%s\"; expected \"%s\"", vgic5_abi_name(abi), ret,
                 error.message, vm.last, words);
    if (ret)
        assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
    vgic5_state_free(source.state);
    port_vm_close(&vm);
}

#define ICC(encoding) VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(17), encoding)

static void check_altered_ones(uint32_t abi)
{
    const uint32_t irs = VGIC5_GRP_IRS_REGS, icc = VGIC5_GRP_CPU_SYSREGS;

    check_altered(abi, irs, IRS_CR1_AT, 4, false, "IRS_CR1 was set to 0xf5d7, and reads 0xf5d3");
    check_altered(abi, irs, IRS_CR0_AT, 1, false, "IRS_CR0 was set to 0x3, and reads 0x2");
    check_altered(abi, irs, IRS_IDR2_AT, 0x20, false, "IRS_IDR2 was set to ");
    check_altered(abi, irs, IRS_IST_BASER_AT, 0x1000, false, "IRS_IST_BASER was set to ");
    check_altered(abi, irs, IRS_SPI_CFGR_AT, 1, false,
                  "SPI 0 was set to be edge-triggered, and is level");
    check_altered(abi, irs, IRS_PE_CR0_AT, 1, true, "IRS_PE_CR0 of PE 17 was 0x1");
    check_altered(abi, irs, IRS_IIDR_AT, 1, true, "IRS_IIDR was ");
    check_altered(abi, icc, ICC(VGIC5_ENCODING(3, 1, 12, 0, 2)), 1, false,
                  "ICC_PCR of vCPU 17 was set to 0xe, and reads 0xf");
    check_altered(abi, icc, ICC(VGIC5_ENCODING(3, 1, 12, 0, 1)), 1, false,
                  "ICC_CR0 of vCPU 17 was set to ");
    check_altered(abi, icc, ICC(VGIC5_ENCODING(3, 1, 12, 0, 1)), 2, true,
                  "LINK and LINK_IDLE are read-only");
}

static void test_each_kind_reads_otherwise(void **state)
{
    (void)state;
    check_altered_ones(VGIC5_ABI_V1);
    check_altered_ones(VGIC5_ABI_7_4);
    /* v1's payload of GRP_IST is SPI 0 and SPI 1. */
    check_altered(VGIC5_ABI_V1, VGIC5_GRP_IST, 0, 2, false, "the entry of SPI 0 was set to ");
    check_altered(VGIC5_ABI_V1, VGIC5_GRP_IST, 0, UINT64_C(1) << 32, false, "the entry of SPI 1");
    check_altered(VGIC5_ABI_V1, VGIC5_GRP_IST, 0, UINT64_C(4) << 32, false, "the entry of SPI 1");
    check_altered(VGIC5_ABI_V1, VGIC5_GRP_IST, 0, 0x200, true, "re-assert"); /* HWU says nothing */
}

/* 7.4 gives HM back as its hardware has it; the trigger mode is what a guest would lose. */
static void test_hm_is_known_to_change(void **state)
{
    struct source source = source_of(VGIC5_ABI_7_4);
    struct vgic5_error error = {0};
    struct port_vm vm;

    (void)state;
    vm_open(&vm, VGIC5_ABI_7_4, false);
    vm.kernel.no_hm = true;
    assert_int_equal(restore(&vm, &source, &error), 0);
    assert_int_equal(vm.warnings,
                     1 + VGIC5_NR_SPIS_DEFAULT / 2); /* the lines, and each level SPI */
    assert_non_null(strstr(vm.last, "one bit for the trigger mode"));
    vgic5_state_free(source.state);
    port_vm_close(&vm);
}

/* An LPI that is not what it was: under v1 in the guest's table, which the device has written. */
static void test_an_lpi_reads_otherwise(void **state)
{
    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        struct source source = source_of(abi);
        struct vgic5_error error = {0};
        struct port_vm vm;

        vm_open(&vm, abi, false);
        vm.kernel.loses_lpi = 5;
        assert_int_equal(restore(&vm, &source, &error), -ENOTSUP);
        assert_non_null(strstr(error.message, "the entry of LPI 5 was set to "));
        assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
        vgic5_state_free(source.state);
        port_vm_close(&vm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_set_is_ignored_once),
        cmocka_unit_test(test_each_kind_reads_otherwise),
        cmocka_unit_test(test_hm_is_known_to_change),
        cmocka_unit_test(test_an_lpi_reads_otherwise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
