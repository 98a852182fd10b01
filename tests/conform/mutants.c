/* SPDX-License-Identifier: BSD-3-Clause */
#include "mutants.h"

#include <errno.h>
#include <string.h>

#define V1 (1u << VGIC5_ABI_V1)
#define V7_4 (1u << VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)

#define NR_SPIS 64u

static const struct mutant *now; /* the one that is tried */
static struct vgic5_conform_ops inner;
static unsigned count; /* of calls, for those that count */
static void *last_vm;

static int model(void *vm, enum call call, const struct vgic5_attr *attr)
{
    if (call == HAS)
        return inner.has_attr(vm, attr);
    return call == GET ? inner.get_attr(vm, attr) : inner.set_attr(vm, attr);
}

/* ---- Helpers --------------------------------------------------------------------------------- */

static bool is(const struct vgic5_attr *attr, uint32_t group, uint64_t number)
{
    return attr->group == group && attr->attr == number;
}

static bool is_irs(const struct vgic5_attr *attr, uint64_t offset)
{
    return is(attr, VGIC5_GRP_IRS_REGS, offset);
}

static bool is_sysreg(const struct vgic5_attr *attr, uint16_t encoding)
{
    return attr->group == VGIC5_GRP_CPU_SYSREGS && (uint16_t)attr->attr == encoding;
}

static uint64_t *u64_of(const struct vgic5_attr *attr)
{
    return (uint64_t *)(uintptr_t)attr->addr;
}

/* The SPI image of a call of GRP_IST with good pointers; NULL: none. */
static uint32_t *spis_of(const struct vgic5_attr *attr)
{
    uint64_t addr = attr->addr;

    if (attr->group != VGIC5_GRP_IST || addr < 4096)
        return NULL;
    if (inner.abi == VGIC5_ABI_7_4)
        addr = u64_of(attr)[0];
    return addr < 4096 ? NULL : (uint32_t *)(uintptr_t)addr;
}

static uint32_t *lpis_of(const struct vgic5_attr *attr)
{
    if (!spis_of(attr) || inner.abi != VGIC5_ABI_7_4 || u64_of(attr)[2] < 4096)
        return NULL;
    return (uint32_t *)(uintptr_t)u64_of(attr)[2];
}

/* The same call with another SPI image. */
static int with_spis(void *vm, const struct vgic5_attr *attr, const uint32_t *spis)
{
    uint64_t buffers[4];
    struct vgic5_attr other = *attr;

    other.addr = (uintptr_t)spis;
    if (inner.abi == VGIC5_ABI_7_4) {
        memcpy(buffers, u64_of(attr), sizeof(buffers));
        buffers[0] = (uintptr_t)spis;
        other.addr = (uintptr_t)buffers;
    }
    return inner.set_attr(vm, &other);
}

/* ---- What a get shows ------------------------------------------------------------------------ */

#define AFTER_GET(name, condition, change)                                   \
    static int name(void *vm, enum call call, const struct vgic5_attr *attr) \
    {                                                                        \
        int ret = model(vm, call, attr);                                     \
                                                                             \
        if (ret == 0 && call == GET && (condition))                          \
            change;                                                          \
        return ret;                                                          \
    }

AFTER_GET(cr0_without_idle, is_irs(attr, VGIC5_IRS_CR0), *u64_of(attr) &= ~UINT64_C(2))
AFTER_GET(upper_half, is_irs(attr, VGIC5_IRS_CR1), *u64_of(attr) |= UINT64_C(1) << 40)
AFTER_GET(statusr_shows_v, is_irs(attr, VGIC5_IRS_SPI_STATUSR), *u64_of(attr) |= 2)
AFTER_GET(nr_irqs_as_in_gicv3, attr->group == VGIC5_GRP_NR_IRQS,
          *(uint32_t *)(uintptr_t)attr->addr += 32)
AFTER_GET(addr_zero_before, attr->group == VGIC5_GRP_ADDR && *u64_of(attr) == UINT64_MAX,
          *u64_of(attr) = 0)
AFTER_GET(ppis_with_timer, is(attr, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS),
          *u64_of(attr) |= UINT64_C(1) << VGIC5_PPI_CNTV)
AFTER_GET(cr0_without_link, is_sysreg(attr, VGIC5_ICC_CR0), *u64_of(attr) &= 1)
AFTER_GET(hwu_shown, spis_of(attr), spis_of(attr)[0] |= 1u << 9)
AFTER_GET(spi_image_from_the_end, spis_of(attr), spis_of(attr)[0] = spis_of(attr)[NR_SPIS - 1])
AFTER_GET(lpi_image_shifted, lpis_of(attr), memmove(lpis_of(attr), lpis_of(attr) + 1, 1020))
AFTER_GET(active_clears_pending, spis_of(attr) && (spis_of(attr)[6] & 7) == 7,
          spis_of(attr)[6] &= ~1u)
AFTER_GET(second_get_is_empty, spis_of(attr) && ++count > 1, memset(spis_of(attr), 0, 4 * NR_SPIS))

/* ---- What a set does, or does not ------------------------------------------------------------ */

#define DROPPED_SET(name, condition)                                         \
    static int name(void *vm, enum call call, const struct vgic5_attr *attr) \
    {                                                                        \
        if (call == SET && attr->addr >= 4096 && (condition))                \
            return 0;                                                        \
        return model(vm, call, attr);                                        \
    }

DROPPED_SET(cr1_dropped, is_irs(attr, VGIC5_IRS_CR1))
DROPPED_SET(pe_selr_dropped, is_irs(attr, VGIC5_IRS_PE_SELR))
DROPPED_SET(idr0_unchecked, is_irs(attr, 0) && model(vm, call, attr) != 0)
DROPPED_SET(idr2_unchecked, is_irs(attr, 8) && model(vm, call, attr) != 0)
DROPPED_SET(idr6_unchecked, is_irs(attr, 0x18) && model(vm, call, attr) != 0)
DROPPED_SET(pcr_dropped, is_sysreg(attr, VGIC5_ICC_PCR))
DROPPED_SET(tm_dropped, is_irs(attr, VGIC5_IRS_SPI_CFGR))
DROPPED_SET(baser_dropped, is_irs(attr, VGIC5_IRS_IST_BASER))
DROPPED_SET(zeros_do_not_replace,
            spis_of(attr) && spis_of(attr)[1] == 0 && spis_of(attr)[3] == 0 && !lpis_of(attr))
DROPPED_SET(frozen_unchecked, is_irs(attr, VGIC5_IRS_IST_BASER) && model(vm, call, attr) == -EINVAL)

static int idr1_keeps_priorities(void *vm, enum call call, const struct vgic5_attr *attr)
{
    uint64_t own;
    struct vgic5_attr ask = *attr;

    ask.addr = (uintptr_t)&own;
    if (call == SET && is_irs(attr, 4) && inner.get_attr(vm, &ask) == 0 &&
        ((own ^ *u64_of(attr)) >> 20 & 7) != 0)
        return -EINVAL;
    return model(vm, call, attr);
}

static int registers_are_shared(void *vm, enum call call, const struct vgic5_attr *attr)
{
    struct vgic5_attr other = *attr;

    if (call == SET && attr->group == VGIC5_GRP_CPU_SYSREGS && attr->attr >> 32 == 0x101) {
        other.attr = (UINT64_C(3) << 32) | (uint32_t)attr->attr;
        model(vm, call, &other);
    }
    return model(vm, call, attr);
}

static int baser_frozen_too_early(void *vm, enum call call, const struct vgic5_attr *attr)
{
    if (call == SET && is_irs(attr, VGIC5_IRS_IST_BASER) && ++count > 1)
        return -EINVAL;
    return model(vm, call, attr);
}

static int refused_set_leaves_traces(void *vm, enum call call, const struct vgic5_attr *attr)
{
    struct vgic5_attr cr1 = {.group = VGIC5_GRP_IRS_REGS, .attr = VGIC5_IRS_CR1};
    uint64_t value = 1;
    int ret = model(vm, call, attr);

    cr1.addr = (uintptr_t)&value;
    if (ret == -EFAULT && call == SET && attr->group == VGIC5_GRP_IST)
        inner.set_attr(vm, &cr1);
    return ret;
}

/* VALID needs an IST_CFGR that came before. */
static int baser_wants_cfgr(void *vm, enum call call, const struct vgic5_attr *attr)
{
    if (call == SET && is_irs(attr, VGIC5_IRS_IST_CFGR))
        count = 1;
    if (call == SET && is_irs(attr, VGIC5_IRS_IST_BASER) && *u64_of(attr) & 1 && !count)
        return -EINVAL;
    return model(vm, call, attr);
}

static int read_only_refuses(void *vm, enum call call, const struct vgic5_attr *attr)
{
    return call == SET && is_irs(attr, VGIC5_IRS_IST_STATUSR) ? -EINVAL : model(vm, call, attr);
}

/* What was asked for is shown, though the table is where it was. */
static int live_baser_moves(void *vm, enum call call, const struct vgic5_attr *attr)
{
    static uint64_t asked;
    int ret = model(vm, call, attr);

    if (call == SET && is_irs(attr, VGIC5_IRS_IST_BASER) && ret == -EINVAL) {
        asked = *u64_of(attr);
        count = 1;
    }
    if (call == GET && is_irs(attr, VGIC5_IRS_IST_BASER) && ret == 0 && count)
        *u64_of(attr) = asked;
    return ret;
}

/* The third refused set is the last that such a VM has had. */
static int worn_out_by_refusals(void *vm, enum call call, const struct vgic5_attr *attr)
{
    int ret = count < 3 ? model(vm, call, attr) : -EBUSY;

    if (call == SET && attr->group == VGIC5_GRP_IST && ret)
        count++;
    return call == SET && attr->group == VGIC5_GRP_IST ? ret : model(vm, call, attr);
}

static int init_fails_for_good(void *vm, enum call call, const struct vgic5_attr *attr)
{
    int ret = count ? -EBUSY : model(vm, call, attr);

    if (call != SET || attr->group != VGIC5_GRP_CTRL)
        return model(vm, call, attr);
    count = ret == -ENODEV || count;
    return ret;
}

static int hm_is_dropped(void *vm, enum call call, const struct vgic5_attr *attr)
{
    uint32_t spis[NR_SPIS];

    /* Only the check of HM sets SPI 9 alone, so that the pointer is known to be good. */
    if (call != SET || !spis_of(attr) || u64_of(attr)[1] != sizeof(spis))
        return model(vm, call, attr);
    memcpy(spis, spis_of(attr), 16 * sizeof(spis[0]));
    memset(spis + 16, 0, sizeof(spis) - 16 * sizeof(spis[0]));
    if (spis[9] != 1 << 2)
        return model(vm, call, attr);
    spis[9] = 0;
    return with_spis(vm, attr, spis);
}

static int ist_needs_addr(void *vm, enum call call, const struct vgic5_attr *attr)
{
    uint64_t addr = 0;
    struct vgic5_attr ask = {.group = VGIC5_GRP_ADDR, .attr = VGIC5_ADDR_TYPE_IRS};

    ask.addr = (uintptr_t)&addr;
    if (call != HAS && attr->group == VGIC5_GRP_IST && attr->attr == 0 &&
        inner.get_attr(vm, &ask) == 0 && addr == UINT64_MAX && model(vm, call, attr) == 0)
        return -ENXIO;
    return model(vm, call, attr);
}

/* Guest memory is written although it is not this profile's business, or is not although it is. */
static int guest_memory_written(void *vm, enum call call, const struct vgic5_attr *attr)
{
    int ret = model(vm, call, attr);

    if (ret == 0 && call == GET && lpis_of(attr))
        inner.write_guest(vm, inner.ram_base, lpis_of(attr), 64);
    return ret;
}

static int guest_memory_forgotten(void *vm, enum call call, const struct vgic5_attr *attr)
{
    uint8_t before[1024];
    int ret;

    inner.read_guest(vm, inner.ram_base, before, sizeof(before));
    ret = model(vm, call, attr);
    if (ret == 0 && call == GET && attr->group == VGIC5_GRP_IST)
        inner.write_guest(vm, inner.ram_base, before, sizeof(before));
    return ret;
}

/* ---- Calls that are refused, or are not ------------------------------------------------------ */

static int every_group_is_there(void *vm, enum call call, const struct vgic5_attr *attr)
{
    return attr->group == 5 ? 0 : model(vm, call, attr);
}

static int init_once_only(void *vm, enum call call, const struct vgic5_attr *attr)
{
    uint32_t number = 0;
    struct vgic5_attr ask = {.group = VGIC5_GRP_NR_IRQS, .addr = (uintptr_t)&number};
    uint64_t mask[2] = {0};
    struct vgic5_attr ppis = {
        .group = VGIC5_GRP_CTRL, .attr = VGIC5_CTRL_USERSPACE_PPIS, .addr = (uintptr_t)mask};

    inner.get_attr(vm, &ask);
    inner.get_attr(vm, &ppis);
    if (call == SET && is(attr, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT) && mask[0] != 0)
        return -EEXIST;
    return model(vm, call, attr);
}

static int registers_only_after_init(void *vm, enum call call, const struct vgic5_attr *attr)
{
    uint64_t value;
    struct vgic5_attr ask = *attr;
    int ret = model(vm, call, attr);

    ask.addr = (uintptr_t)&value;
    if (call == HAS && ret == 0 && attr->group == VGIC5_GRP_IRS_REGS &&
        inner.get_attr(vm, &ask) == -EBUSY)
        return -EBUSY;
    return ret;
}

static int sysregs_only_after_init(void *vm, enum call call, const struct vgic5_attr *attr)
{
    uint64_t value;
    struct vgic5_attr ask = *attr;
    int ret = model(vm, call, attr);

    ask.addr = (uintptr_t)&value;
    if (call == HAS && ret == 0 && attr->group == VGIC5_GRP_CPU_SYSREGS &&
        inner.get_attr(vm, &ask) == -EBUSY)
        return -EBUSY;
    return ret;
}

static int tm_honoured(void *vm, enum call call, const struct vgic5_attr *attr)
{
    int ret = model(vm, call, attr);

    if (ret == 0 && call == SET && is_irs(attr, VGIC5_IRS_SPI_CFGR))
        count = (unsigned)*u64_of(attr) & 1;
    if (ret == 0 && call == GET && is_irs(attr, VGIC5_IRS_SPI_CFGR) && count)
        *u64_of(attr) = 1;
    return ret;
}

/* ---- Lines, runs, the guest ------------------------------------------------------------------ */

static int never_raised(void *vm, uint32_t irq, bool level)
{
    return inner.irq_line(vm, irq, level && (irq & 0xffff) != 5);
}

/* As the architecture's wires are: a level that is there already says nothing. */
static int raised_once(void *vm, uint32_t irq, bool level)
{
    static bool spi_5_is_high;
    bool was_high = spi_5_is_high && vm == last_vm && count;

    if (irq != VGIC5_IRQ_SPI(5))
        return inner.irq_line(vm, irq, level);
    last_vm = vm;
    count = 1;
    spi_5_is_high = level;
    return level && was_high ? 0 : inner.irq_line(vm, irq, level);
}

static int never_lowered(void *vm, uint32_t irq, bool level)
{
    return level ? inner.irq_line(vm, irq, level) : 0;
}

static int spis_from_32(void *vm, uint32_t irq, bool level)
{
    if (irq >> 24 == VGIC5_IRQ_TYPE_SPI && (irq & 0xffff) >= 32 && (irq & 0xffff) < NR_SPIS)
        irq -= 32;
    return inner.irq_line(vm, irq, level);
}

static int vcpus_by_index(void *vm, uint32_t irq, bool level)
{
    if (irq == VGIC5_IRQ_PPI(17u, 3u))
        irq = VGIC5_IRQ_PPI(3u, 3u);
    return inner.irq_line(vm, irq, level);
}

static int only_the_first_vcpu_runs(void *vm, uint32_t vcpu_id, bool stays)
{
    if (vcpu_id == 17 && count++ > 0)
        return -EINVAL;
    if (vcpu_id == 3)
        count = 1;
    return inner.enter(vm, vcpu_id, stays);
}

static int a_vcpu_is_in_twice(void *vm, uint32_t vcpu_id, bool stays)
{
    int ret = inner.enter(vm, vcpu_id, stays);

    return ret == -EBUSY && stays ? 0 : ret;
}

static int nothing_is_signalled(void *vm, uint32_t vcpu_id, uint16_t encoding, bool is_write,
                                uint64_t *value)
{
    int ret = inner.guest_register(vm, vcpu_id, encoding, is_write, value);

    if (encoding == VGIC5_CDIA)
        *value = 0;
    return ret;
}

static int guest_writes_are_lost(void *vm, struct vgic5_mmio *access)
{
    return access->is_write ? 0 : inner.guest_mmio(vm, access);
}

/* KVM's would be if it looked at the level of the line instead of its change. */
static int latch_follows_the_line(void *vm, uint32_t irq, bool level)
{
    if (!level && irq == VGIC5_IRQ_SPI(6)) /* an event, whatever the line was */
        inner.irq_line(vm, irq, true);
    return inner.irq_line(vm, irq, level);
}

static int whole_registers_only(void *vm, struct vgic5_mmio *access)
{
    if (access->size == 4 && (access->offset & ~UINT64_C(4)) == VGIC5_IRS_IST_BASER &&
        access->is_write)
        return 0;
    return inner.guest_mmio(vm, access);
}

static int guest_cfgr_is_not_frozen(void *vm, struct vgic5_mmio *access)
{
    uint64_t value = access->value;
    struct vgic5_attr attr = {.group = VGIC5_GRP_IRS_REGS, .attr = VGIC5_IRS_IST_BASER};
    int ret = inner.guest_mmio(vm, access);

    /* VALID goes and comes with another table. */
    attr.addr = (uintptr_t)&value;
    if (access->is_write && access->offset == VGIC5_IRS_IST_BASER && access->value & 1 &&
        inner.get_attr(vm, &attr) == 0 && value != access->value) {
        inner.guest_mmio(
            vm, &(struct vgic5_mmio){.offset = VGIC5_IRS_IST_BASER, .size = 8, .is_write = true});
        inner.guest_mmio(vm, access);
    }
    return ret;
}

/* ---- The table ------------------------------------------------------------------------------- */

const struct mutant mutants[] = {
    {"CR0 without IDLE", "irs_width", EVERY, .attr = cr0_without_idle},
    {"the upper half of CR1 is not 0", "irs_width", EVERY, .attr = upper_half},
    {"SPI_STATUSR shows V", "irs_status", EVERY, .attr = statusr_shows_v},
    {"NR_IRQS counts from 32", "nr_irqs", EVERY, .attr = nr_irqs_as_in_gicv3},
    {"ADDR reads 0 before it is set", "addr", EVERY, .attr = addr_zero_before},
    {"USERSPACE_PPIS with the timer", "ppis", EVERY, .attr = ppis_with_timer},
    {"ICC_CR0 without LINK", "sysregs_raw", EVERY, .attr = cr0_without_link},
    {"HWU is shown", "ist_no_state", EVERY, .attr = hwu_shown},
    {"the SPI image begins with the last", "ist_spis", EVERY, .attr = spi_image_from_the_end},
    {"the LPI image is one off", "ist_lpis", V7_4, .attr = lpi_image_shifted},
    {"a get consumes what it shows", "ist_again", EVERY, .attr = second_get_is_empty},
    {"CR1 cannot be set", "irs", EVERY, .attr = cr1_dropped},
    {"PE_SELR cannot be set", "irs", EVERY, .attr = pe_selr_dropped},
    {"IDR0 takes anything", "irs_set_value", EVERY, .attr = idr0_unchecked},
    {"IDR2 takes anything", "irs_set_value", EVERY, .attr = idr2_unchecked},
    {"IDR6 takes anything", "irs_set_value", EVERY, .attr = idr6_unchecked},
    {"IDR1 refuses fewer priorities", "irs_identity", EVERY, .attr = idr1_keeps_priorities},
    {"PCR cannot be set", "sysregs_raw", EVERY, .attr = pcr_dropped},
    {"vCPU 3 gets what vCPU 17 is set to", "sysregs_raw", EVERY, .attr = registers_are_shared},
    {"v1 ignores SPI_CFGR", "spi_cfgr_v1", V1, .attr = tm_dropped},
    {"7.4 honours SPI_CFGR", "spi_cfgr_7_4", V7_4, .attr = tm_honoured},
    {"BASER does not create", "baser_creates", V1, .attr = baser_dropped},
    {"BASER is not stored", "baser_stores", V7_4, .attr = baser_dropped},
    {"BASER is frozen by its first set", "baser_stores", V7_4, .attr = baser_frozen_too_early},
    {"BASER wants CFGR before it", "irs_any_order", V7_4, .attr = baser_wants_cfgr},
    {"IST_STATUSR cannot be replayed", "irs_any_order", V7_4, .attr = read_only_refuses},
    {"a live table moves", "ist_stays", V1, .attr = live_baser_moves},
    {"three refusals are the end", "ist_retry", EVERY, .attr = worn_out_by_refusals},
    {"CTRL_INIT fails for good", "init_again", EVERY, .attr = init_fails_for_good},
    {"Active clears a level SPI's Pending", "ist_latch", V7_4, .attr = active_clears_pending},
    {"BASER of a live table is not frozen", "ist_frozen", V7_4, .attr = frozen_unchecked},
    {"a refused GRP_IST leaves traces", "failed_set", EVERY, .attr = refused_set_leaves_traces},
    {"zeros do not replace", "ist_spis", EVERY, .attr = zeros_do_not_replace},
    {"HM is dropped", "ist_hm", V7_4, .attr = hm_is_dropped},
    {"GRP_IST needs ADDR", "ist", EVERY, .attr = ist_needs_addr},
    {"7.4 writes guest memory", "ist_no_guest", V7_4, .attr = guest_memory_written},
    {"v1 does not write guest memory", "ist_guest", V1, .attr = guest_memory_forgotten},
    {"every group is there", "unknown_group", EVERY, .attr = every_group_is_there},
    {"CTRL_INIT a second time fails", "init", EVERY, .attr = init_once_only},
    {"registers cannot be probed early", "irs", EVERY, .attr = registers_only_after_init},
    {"CPU registers cannot be probed early", "sysregs", EVERY, .attr = sysregs_only_after_init},
    {"an edge SPI does not see its line", "line_edge", EVERY, .line = never_raised},
    {"an edge SPI sees changes of its line", "line_again", EVERY, .line = raised_once},
    {"a level SPI does not see its line fall", "line_level", EVERY, .line = never_lowered},
    {"SPI numbers begin at 32", "line_number", EVERY, .line = spis_from_32},
    {"a PPI's vCPU is an index", "line_vcpu", EVERY, .line = vcpus_by_index},
    {"only one vCPU can run", "run", EVERY, .enter = only_the_first_vcpu_runs},
    {"a vCPU can be in twice", "run_twice", EVERY, .enter = a_vcpu_is_in_twice},
    {"restored interrupts are not signalled", "signalled", EVERY,
     .guest_register = nothing_is_signalled},
    {"a line that is low can fall", "line_latch", EVERY, .line = latch_follows_the_line},
    {"halves of IST_BASER are lost", "guest_halves", EVERY, .guest_mmio = whole_registers_only},
    {"the guest can move a valid table", "guest_ist", EVERY,
     .guest_mmio = guest_cfgr_is_not_frozen},
    {"the guest's writes are lost", "guest_frame", EVERY, .guest_mmio = guest_writes_are_lost},
};
const size_t nr_mutants = sizeof(mutants) / sizeof(mutants[0]);

/* ---- The ops --------------------------------------------------------------------------------- */

static int attr_of(void *vm, enum call call, const struct vgic5_attr *attr)
{
    if (vm != last_vm)
        count = 0;
    last_vm = vm;
    return now && now->attr ? now->attr(vm, call, attr) : model(vm, call, attr);
}

static int has(void *vm, const struct vgic5_attr *attr)
{
    return attr_of(vm, HAS, attr);
}

static int get(void *vm, const struct vgic5_attr *attr)
{
    return attr_of(vm, GET, attr);
}

static int set(void *vm, const struct vgic5_attr *attr)
{
    return attr_of(vm, SET, attr);
}

static int create(void *opaque, void **vm)
{
    last_vm = NULL; /* the next may have the same address */
    count = 0;
    return inner.create(opaque, vm);
}

void mutant_ops(const struct mutant *mutant, const struct vgic5_config *config,
                struct vgic5_conform_ops *ops)
{
    now = mutant;
    vgic5_conform_model(config, &inner);
    *ops = inner;
    ops->create = create;
    ops->has_attr = has;
    ops->get_attr = get;
    ops->set_attr = set;
    if (mutant && mutant->line)
        ops->irq_line = mutant->line;
    if (mutant && mutant->enter)
        ops->enter = mutant->enter;
    if (mutant && mutant->guest_register)
        ops->guest_register = mutant->guest_register;
    if (mutant && mutant->guest_mmio)
        ops->guest_mmio = mutant->guest_mmio;
}
