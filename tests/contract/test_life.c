/* SPDX-License-Identifier: BSD-3-Clause */
/* created → configured → initialised → running, and what a device may be created with. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "vmm.h"

/* ---- Creation -------------------------------------------------------------------------------- */

struct created {
    const char *name;
    struct vgic5_config config; /* size is filled in */
    int expected;
};

static const struct created configs[] = {
    {"all defaults", {0}, 0},
    {"unknown abi", {.abi = 3}, -ENODEV},
    {"32-bit addresses", {.ipa_bits = 32}, 0},
    {"33-bit addresses", {.ipa_bits = 33}, -EINVAL},
    {"57-bit addresses", {.ipa_bits = 57}, -EINVAL},
    {"24 LPI id bits", {.lpi_id_bits = 24}, 0},
    {"25 LPI id bits", {.lpi_id_bits = 25}, -EINVAL},
    {"a minimum of 14", {.min_lpi_id_bits = 14, .lpi_id_bits = 14}, 0},
    {"a minimum of 15", {.min_lpi_id_bits = 15}, -EINVAL},
    {"minimum above id bits", {.min_lpi_id_bits = 8, .lpi_id_bits = 7}, -EINVAL},
    {"1 priority bit", {.priority_bits = 1}, 0},
    {"6 priority bits", {.priority_bits = 6}, -EINVAL},
    {"every L2 size", {.ist_l2sz = 7}, 0},
    {"an L2 size that is none", {.ist_l2sz = 8}, -EINVAL},
    {"metadata", {.istmd = 1, .istmd_sz = 15}, 0},
    {"metadata 2", {.istmd = 2}, -EINVAL},
    {"a metadata size of 6 bits", {.istmd_sz = 32}, -EINVAL},
    {"threads", {.threads = 1}, 0},
    {"threads 2", {.threads = 2}, -EINVAL},
    {"every PPI", {.ppis = {UINT64_MAX, 0}}, 0},
    {"an IMPDEF PPI", {.ppis = {8, 1}}, -EINVAL},
};

static void test_configs(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(configs) / sizeof(configs[0]); n++) {
        struct vgic5_config config = configs[n].config;
        struct vgic5 *device = NULL;

        config.size = sizeof(config);
        if (vgic5_create(&config, NULL, NULL, &device) != configs[n].expected)
            fail_msg("%s", configs[n].name);
        assert_true((device != NULL) == (configs[n].expected == 0));
        vgic5_destroy(device);
    }
}

static void test_defaults(void **state)
{
    struct vgic5_config config = {.size = sizeof(config)};
    struct vgic5 *device;

    (void)state;
    assert_int_equal(vgic5_create(NULL, NULL, NULL, &device), 0);
    vgic5_get_config(device, &config);
    assert_int_equal(config.abi, VGIC5_ABI_V1);
    assert_int_equal(config.ipa_bits, 48);
    assert_int_equal(config.lpi_id_bits, 16);
    assert_int_equal(config.min_lpi_id_bits, 1);
    assert_int_equal(config.priority_bits, 5);
    assert_int_equal(config.ist_l2sz, 0);
    assert_int_equal(config.ppis[0], 0x48800008);
    vgic5_destroy(device);
    vgic5_destroy(NULL);
}

/* A caller of a later version: what it asks beyond this one must be its default. */
static void test_config_sizes(void **state)
{
    struct {
        struct vgic5_config config;
        uint64_t later;
    } longer = {.config.size = sizeof(longer)};
    struct vgic5 *device = NULL;

    (void)state;
    assert_int_equal(vgic5_create(&longer.config, NULL, NULL, &device), 0);
    vgic5_destroy(device);
    device = NULL;
    longer.later = 1;
    assert_int_equal(vgic5_create(&longer.config, NULL, NULL, &device), -EINVAL);
    longer.config.size = sizeof(struct vgic5_config) - 1;
    assert_int_equal(vgic5_create(&longer.config, NULL, NULL, &device), -EINVAL);
    assert_null(device);
}

/* The caller's struct may be of another version of the header: no byte beyond it is written. */
static void test_get_config_of_every_size(void **state)
{
    struct {
        struct vgic5_config config;
        uint64_t later;
    } longer;
    struct vgic5 *device = NULL;

    (void)state;
    assert_int_equal(vgic5_create(NULL, NULL, NULL, &device), 0);
    for (uint32_t size = 0; size <= sizeof(longer); size++) {
        bool is_known = size >= sizeof(struct vgic5_config); /* the first version */

        memset(&longer, 0xa5, sizeof(longer));
        longer.config.size = size;
        assert_int_equal(vgic5_get_config(device, &longer.config), is_known ? 0 : -EINVAL);
        assert_int_equal(longer.config.size, is_known ? sizeof(struct vgic5_config) : size);
        assert_int_equal(longer.config.ipa_bits, is_known ? 48 : 0xa5);
        assert_int_equal(longer.later, UINT64_C(0xa5a5a5a5a5a5a5a5));
    }
    vgic5_destroy(device);
}

static int nothing(void *opaque, uint64_t ipa, void *to, size_t size)
{
    (void)opaque, (void)ipa, (void)to, (void)size;
    return 0;
}

static void test_host_pairs(void **state)
{
    struct vgic5_host half = {.size = sizeof(half), .read_guest = nothing};
    struct vgic5_host small = {.size = offsetof(struct vgic5_host, log)};
    struct vgic5_host first = {.size = offsetof(struct vgic5_host, claim),
                               .claim = (int (*)(void *, uint32_t, uint32_t))1};
    struct vgic5_attr init = {.group = VGIC5_GRP_CTRL};
    struct vgic5 *device = NULL;

    (void)state;
    assert_int_equal(vgic5_create(NULL, &half, NULL, &device), -EINVAL);
    assert_int_equal(vgic5_create(NULL, &small, NULL, &device), -EINVAL);
    small.size = sizeof(small) - 1;
    assert_int_equal(vgic5_create(NULL, &small, NULL, &device), -EINVAL);
    assert_null(device);
    /* The first version of the struct: what follows it is not looked at. */
    assert_int_equal(vgic5_create(NULL, &first, NULL, &device), 0);
    assert_int_equal(vgic5_add_vcpu(device, 0), 0);
    assert_int_equal(vgic5_set_attr(device, &init), 0);
    vgic5_destroy(device);
}

/* Plain pointers of this process, and the C library's memory. */
static void test_without_ops(void **state)
{
    struct vgic5 *device;
    uint64_t value = 0;
    struct vgic5_attr attr = {.group = VGIC5_GRP_ADDR, .attr = VGIC5_ADDR_TYPE_IRS};

    (void)state;
    assert_int_equal(vgic5_create(NULL, NULL, NULL, &device), 0);
    assert_int_equal(vgic5_get_attr(device, &attr), -EFAULT);
    attr.addr = (uintptr_t)&value;
    assert_int_equal(vgic5_get_attr(device, &attr), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(vgic5_add_vcpu(device, 0), 0);
    attr = (struct vgic5_attr){.group = VGIC5_GRP_CTRL};
    assert_int_equal(vgic5_set_attr(device, &attr), 0);
    vgic5_destroy(device);
}

/* ---- vCPUs ----------------------------------------------------------------------------------- */

static void test_vcpus(void **state)
{
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    assert_int_equal(vgic5_add_vcpu(vmm.device, 17), -EEXIST);
    assert_int_equal(vgic5_add_vcpu(vmm.device, 65536), -E2BIG);
    assert_int_equal(vgic5_add_vcpu(vmm.device, 65535), 0);
    assert_int_equal(vgic5_nr_vcpus(vmm.device), 3);
    assert_int_equal(vgic5_vcpu_id(vmm.device, 0), 3);
    assert_int_equal(vgic5_vcpu_id(vmm.device, 1), 17);
    assert_null(vgic5_vcpu(vmm.device, 4));
    for (uint32_t id = 100; id < 100 + VGIC5_MAX_VCPUS - 3; id++)
        assert_int_equal(vgic5_add_vcpu(vmm.device, id), 0);
    assert_int_equal(vgic5_add_vcpu(vmm.device, 99), -E2BIG);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vgic5_add_vcpu(vmm.device, 99), -EBUSY);
    vmm_destroy(&vmm);
}

/* Every allocation of the life of a device fails once. */
static void test_no_memory(void **state)
{
    struct vmm vmm;
    unsigned calls;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_CREATED);
    vmm.alloc_fault_at = 1;
    assert_int_equal(vgic5_add_vcpu(vmm.device, 3), -ENOMEM);
    assert_int_equal(vgic5_nr_vcpus(vmm.device), 0);
    assert_int_equal(vgic5_add_vcpu(vmm.device, 3), 0);
    for (calls = 1;; calls++) {
        vmm.alloc_fault_at = calls;
        if (vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL) == 0)
            break;
        assert_int_equal(vmm.outstanding, 2); /* the device and its vCPU */
        assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), -EBUSY);
    }
    assert_true(calls > 1);
    vmm.alloc_fault_at = NEVER;
    vmm_destroy(&vmm);
}

/* What the host answers is the answer of CTRL_INIT, which has done nothing then. */
static void test_a_host_without_room(void **state)
{
    static const int answers[] = {-ENOSPC, -E2BIG, -ENOMEM, -ETIMEDOUT};
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    for (size_t n = 0; n < sizeof(answers) / sizeof(answers[0]); n++) {
        unsigned before = vmm.outstanding;

        vmm.claim_answer = answers[n];
        assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), answers[n]);
        assert_int_equal(vmm.claimed, 17);
        assert_int_equal(vmm.outstanding, before);
        assert_int_equal(vgic5_add_vcpu(vmm.device, 100 - (uint32_t)n), 0);
        assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), -EBUSY);
        vmm_destroy(&vmm);
        vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    }
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vmm.claims, 1); /* it has succeeded once */
    vmm_destroy(&vmm);
}

/* ---- Values that follow the life ------------------------------------------------------------- */

static uint32_t nr_irqs(struct vmm *vmm)
{
    uint32_t number = 0x55555555;

    assert_int_equal(vmm_get(vmm, VGIC5_GRP_NR_IRQS, 0, &number), 0);
    return number;
}

static void test_nr_irqs(void **state)
{
    uint32_t number = 96;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    assert_int_equal(nr_irqs(&vmm), 0);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_NR_IRQS, 0, &number), 0);
    assert_int_equal(nr_irqs(&vmm), 96);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_NR_IRQS, 0, &number), -EBUSY);
    vmm_destroy(&vmm);
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(nr_irqs(&vmm), VGIC5_NR_SPIS_DEFAULT);
    vmm_destroy(&vmm);
}

static void test_userspace_ppis(void **state)
{
    uint64_t mask[2] = {1, 1};
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    assert_int_equal(vmm_get(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS, mask), 0);
    assert_true(mask[0] == 0 && mask[1] == 0);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vmm_get(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS, mask), 0);
    assert_true(mask[0] == 1 << VGIC5_PPI_SW && mask[1] == 0);
    vmm_destroy(&vmm);
}

static void test_addr(void **state)
{
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    assert_true(vmm_get_u64(&vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS) == UINT64_MAX);
    assert_int_equal(vmm_set_u64(&vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, 0), 0);
    assert_true(vmm_get_u64(&vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS) == 0);
    assert_int_equal(vmm_set_u64(&vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, 0), -EEXIST);
    vmm_destroy(&vmm);
}

/* The highest id, not the number of vCPUs, decides how many bits an IAFFID has. */
static void test_iaffid_bits(void **state)
{
    const uint32_t highest[] = {0, 1, 2, 3, 4, 255, 256, 65535};
    const uint32_t bits[] = {1, 1, 2, 2, 3, 8, 9, 16};

    (void)state;
    for (unsigned n = 0; n < 8; n++) {
        struct vmm vmm;

        vmm_create(&vmm, NULL);
        assert_int_equal(vgic5_add_vcpu(vmm.device, highest[n]), 0);
        assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
        assert_int_equal(guest_read(&vmm, 4, 4), 1 | (bits[n] - 1) << 16 | 4 << 20);
        vmm_destroy(&vmm);
    }
}

/* ---- Running --------------------------------------------------------------------------------- */

static void test_first_run(void **state)
{
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_ADDRESS);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), -EBUSY); /* no INIT */
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), 0);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), -EBUSY); /* it is in */
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 17)), 0);
    vgic5_vcpu_leave(vgic5_vcpu(vmm.device, 3));
    vgic5_vcpu_leave(vgic5_vcpu(vmm.device, 3)); /* it is out: nothing */
    assert_int_equal(vmm_set_u64(&vmm, VGIC5_GRP_IRS_REGS, 0x84, 0), -EBUSY); /* 17 runs */
    vgic5_vcpu_leave(vgic5_vcpu(vmm.device, 17));
    assert_int_equal(vmm_set_u64(&vmm, VGIC5_GRP_IRS_REGS, 0x84, 0), 0);
    vmm_destroy(&vmm);
}

/* "INIT done, ADDR never set"; and a failed first run leaves a VM that cannot be used. */
static void test_first_run_without_addr(void **state)
{
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_INIT);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), -ENXIO);
    assert_int_equal(vmm.logs, 1);
    assert_int_equal(vmm_set_u64(&vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE), 0);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), -EIO);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 17)), -EIO);
    vmm_destroy(&vmm);
}

/* ---- The guest's door ------------------------------------------------------------------------ */

static void test_guest_before_init(void **state)
{
    struct vgic5_mmio access = {.offset = 0, .size = 4};
    uint64_t value = 0;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    assert_int_equal(vgic5_mmio(vmm.device, &access), VGIC5_UNHANDLED);
    assert_int_equal(vgic5_cpu_access(vgic5_vcpu(vmm.device, 3), VGIC5_ICC_PCR, false, &value),
                     VGIC5_UNHANDLED);
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm.device, 3)), VGIC5_LINE_NONE);
    vmm_destroy(&vmm);
}

static void test_frames(void **state)
{
    struct vgic5_mmio beyond = {.offset = VGIC5_IRS_REGION_SIZE, .size = 4};
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_INIT);
    assert_int_equal(guest_read(&vmm, VGIC5_IRS_IDR5, 4), NR_SPIS);
    guest_write(&vmm, VGIC5_IRS_FRAME_SIZE, 4, 1); /* the SETLPI frame: RAZ/WI */
    assert_int_equal(guest_read(&vmm, VGIC5_IRS_FRAME_SIZE, 4), 0);
    assert_int_equal(guest_read(&vmm, VGIC5_IRS_REGION_SIZE - 1, 1), 0);
    assert_int_equal(vgic5_mmio(vmm.device, &beyond), VGIC5_UNHANDLED);
    beyond.offset = UINT64_MAX;
    assert_int_equal(vgic5_mmio(vmm.device, &beyond), VGIC5_UNHANDLED);
    vmm_destroy(&vmm);
}

/* What a vCPU is told before CTRL_INIT holds after it: priority 0 is an NMI. */
static void test_nmi_before_init(void **state)
{
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    vgic5_vcpu_set_nmi(vgic5_vcpu(vmm.device, 3), true);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    guest_msr(&vmm, 3, VGIC5_ICC_PPI_ENABLER(0), 1 << VGIC5_PPI_SW);
    guest_msr(&vmm, 3, VGIC5_ICC_PPI_SPENDR(0), 1 << VGIC5_PPI_SW);
    guest_msr(&vmm, 3, VGIC5_ICC_CR0, 1);
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm.device, 3)), VGIC5_LINE_SUPERPRIORITY);
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_CDIA), 0); /* CDNMIA's */
    vgic5_vcpu_set_nmi(vgic5_vcpu(vmm.device, 3), false);
    assert_int_not_equal(guest_mrs(&vmm, 3, VGIC5_CDIA), 0);
    vmm_destroy(&vmm);
}

/* After a reset each of the 26 registers is as in a vCPU that has done nothing; the other vCPU, and
 * a wire that is high, are not touched. */
static void test_reset_of_a_vcpu(void **state)
{
    const uint64_t ppis = UINT64_C(1) << VGIC5_PPI_SW | UINT64_C(1) << VGIC5_PPI_CNTV;
    const uint16_t written[] = {VGIC5_ICC_PPI_ENABLER(0), VGIC5_ICC_PPI_SPENDR(0),
                                VGIC5_ICC_PPI_SACTIVER(0)};
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_INIT);
    for (uint32_t id = 3; id <= 17; id += 14) {
        for (size_t n = 0; n < sizeof(written) / sizeof(written[0]); n++)
            guest_msr(&vmm, id, written[n], ppis);
        guest_msr(&vmm, id, VGIC5_ICC_PPI_PRIORITYR(3), UINT64_C(0x1f) << 24);
        guest_msr(&vmm, id, VGIC5_ICC_APR, 0xffff);
        guest_msr(&vmm, id, VGIC5_ICC_PCR, 31);
        guest_msr(&vmm, id, VGIC5_ICC_ICSR, 1);
        guest_msr(&vmm, id, VGIC5_ICC_CR0, 1);
    }
    vgic5_ppi_line(vgic5_vcpu(vmm.device, 3), VGIC5_PPI_CNTV, true);
    vgic5_vcpu_set_nmi(vgic5_vcpu(vmm.device, 3), true);
    vgic5_vcpu_reset(NULL);
    vgic5_vcpu_reset(vgic5_vcpu(vmm.device, 3));
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_CR0) & VGIC5_ICC_CR0_EN, 0);
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_PCR), 0);
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_APR), 0);
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_ICSR), 0);
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_PPI_ENABLER(0)), 0);
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_PPI_SACTIVER(0)), 0);
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_PPI_PRIORITYR(3)), 0);
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_PPI_SPENDR(0)), UINT64_C(1) << VGIC5_PPI_CNTV);
    assert_int_equal(guest_mrs(&vmm, 17, VGIC5_ICC_PCR), 31);
    assert_int_equal(guest_mrs(&vmm, 17, VGIC5_ICC_PPI_ENABLER(0)), ppis);
    vmm_destroy(&vmm);
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(strncmp(vgic5_version(), "vgic5 ", 6), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configs),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_config_sizes),
        cmocka_unit_test(test_get_config_of_every_size),
        cmocka_unit_test(test_host_pairs),
        cmocka_unit_test(test_without_ops),
        cmocka_unit_test(test_vcpus),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_a_host_without_room),
        cmocka_unit_test(test_nr_irqs),
        cmocka_unit_test(test_userspace_ppis),
        cmocka_unit_test(test_addr),
        cmocka_unit_test(test_iaffid_bits),
        cmocka_unit_test(test_first_run),
        cmocka_unit_test(test_first_run_without_addr),
        cmocka_unit_test(test_guest_before_init),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_nmi_before_init),
        cmocka_unit_test(test_reset_of_a_vcpu),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
