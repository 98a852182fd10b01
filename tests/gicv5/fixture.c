/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

void build(struct vmm *m, const struct vmm_shape *options)
{
    assert_true(vmm_prepare(m, options->ram_base, options->ram_size));
    assert_int_equal(vmm_build(m, options), 0);
}

static int setup(void **state, const struct vmm_shape *options)
{
    struct vmm *m = calloc(1, sizeof(*m));
    if (!m)
        return -1;
    build(m, options);
    *state = m;
    return 0;
}

int setup_one_pe(void **state)
{
    return setup(state, &(struct vmm_shape){.nr_vcpus = 1});
}

int setup_two_pes(void **state)
{
    return setup(state, &(struct vmm_shape){.nr_vcpus = 2});
}

int setup_two_level(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .ist_l2sz = 7, .lpi_id_bits = 24};
    return setup(state, &(struct vmm_shape){.nr_vcpus = 2, .config = &config});
}

int teardown(void **state)
{
    struct vmm *m = *state;
    bool told_right = true;
    for (uint32_t i = 0; i < m->nr_vcpus; i++)
        told_right &= m->told[i] == vgic5_vcpu_line(m->vcpu[i]);
    bool clean = vmm_drop_device(m);
    vmm_free_ram(m);
    free(m);
    return clean && told_right ? 0 : -1;
}

uint64_t mmio_read(struct vmm *m, uint64_t offset, uint8_t size)
{
    struct vgic5_mmio access = {.offset = offset, .size = size, .value = 0xdeadbeefdeadbeef};
    assert_int_equal(vgic5_mmio(m->device, &access), VGIC5_HANDLED);
    return access.value;
}

void mmio_write(struct vmm *m, uint64_t offset, uint8_t size, uint64_t value)
{
    struct vgic5_mmio access = {offset, value, size, true};
    assert_int_equal(vgic5_mmio(m->device, &access), VGIC5_HANDLED);
}

uint32_t r32(struct vmm *m, uint32_t offset)
{
    uint64_t value = mmio_read(m, offset, 4);
    assert_true(value >> 32 == 0);
    return (uint32_t)value;
}

void w32(struct vmm *m, uint32_t offset, uint32_t value)
{
    mmio_write(m, offset, 4, value);
}

uint64_t r64(struct vmm *m, uint32_t offset)
{
    return mmio_read(m, offset, 8);
}

void w64(struct vmm *m, uint32_t offset, uint64_t value)
{
    mmio_write(m, offset, 8, value);
}

void select_spi(struct vmm *m, uint32_t spi)
{
    w32(m, VGIC5_IRS_SPI_SELR, spi);
}

void set_trigger_mode(struct vmm *m, uint32_t spi, uint32_t tm)
{
    select_spi(m, spi);
    w32(m, VGIC5_IRS_SPI_CFGR, tm);
}

uint64_t mrs(struct vmm *m, uint32_t pe, uint32_t encoding)
{
    uint64_t value = 0xdeadbeefdeadbeef;
    assert_int_equal(vgic5_cpu_access(m->vcpu[pe], (uint16_t)encoding, false, &value),
                     VGIC5_HANDLED);
    return value;
}

void msr(struct vmm *m, uint32_t pe, uint32_t encoding, uint64_t value)
{
    assert_int_equal(vgic5_cpu_access(m->vcpu[pe], (uint16_t)encoding, true, &value),
                     VGIC5_HANDLED);
}

enum vgic5_access_result try_access(struct vmm *m, uint32_t encoding, bool is_write)
{
    uint64_t value = 0;
    return vgic5_cpu_access(m->vcpu[0], (uint16_t)encoding, is_write, &value);
}

uint64_t cdia(struct vmm *m, uint32_t pe)
{
    return mrs(m, pe, VGIC5_CDIA);
}

uint64_t cdnmia(struct vmm *m, uint32_t pe)
{
    return mrs(m, pe, VGIC5_CDNMIA);
}

void cdeoi(struct vmm *m, uint32_t pe)
{
    msr(m, pe, VGIC5_CDEOI, 0);
}

void cddi(struct vmm *m, uint32_t pe, uint32_t intid)
{
    msr(m, pe, VGIC5_CDDI, intid);
}

void cden(struct vmm *m, uint32_t intid)
{
    msr(m, 0, VGIC5_CDEN, intid);
}

void cddis(struct vmm *m, uint32_t intid)
{
    msr(m, 0, VGIC5_CDDIS, intid);
}

void cdpri(struct vmm *m, uint32_t intid, uint32_t priority)
{
    msr(m, 0, VGIC5_CDPRI, (uint64_t)priority << 35 | intid);
}

void cdaff(struct vmm *m, uint32_t intid, uint32_t iaffid)
{
    msr(m, 0, VGIC5_CDAFF, (uint64_t)iaffid << 32 | intid);
}

void cdpend(struct vmm *m, uint32_t intid, uint32_t pending)
{
    msr(m, 0, VGIC5_CDPEND, (uint64_t)pending << 32 | intid);
}

void cdhm(struct vmm *m, uint32_t intid, uint32_t hm)
{
    msr(m, 0, VGIC5_CDHM, (uint64_t)hm << 32 | intid);
}

uint64_t cdrcfg(struct vmm *m, uint32_t intid)
{
    msr(m, 0, VGIC5_CDRCFG, intid);
    return mrs(m, 0, VGIC5_ICC_ICSR);
}

bool is_pending(struct vmm *m, uint32_t intid)
{
    uint64_t icsr = cdrcfg(m, intid);
    assert_false(icsr & ICSR_F);
    return icsr & ICSR_PENDING;
}

bool is_active(struct vmm *m, uint32_t intid)
{
    uint64_t icsr = cdrcfg(m, intid);
    assert_false(icsr & ICSR_F);
    return icsr & ICSR_ACTIVE;
}

void spi_wire(struct vmm *m, uint32_t spi, bool level)
{
    assert_int_equal(vgic5_irq_line(m->device, VGIC5_IRQ_SPI(spi), level), 0);
}

void ppi_wire(struct vmm *m, uint32_t pe, uint32_t ppi, bool level)
{
    assert_int_equal(vgic5_ppi_line(m->vcpu[pe], ppi, level), 0);
}

bool irq(struct vmm *m, uint32_t pe)
{
    enum vgic5_line line = vgic5_vcpu_line(m->vcpu[pe]);
    assert_int_equal(m->told[pe], line);
    return line & VGIC5_LINE_IRQ;
}

void route(struct vmm *m, uint32_t intid, uint32_t priority, uint32_t iaffid)
{
    cdpri(m, intid, priority);
    cdaff(m, intid, iaffid);
    cden(m, intid);
}

void set_ppi_priority(struct vmm *m, uint32_t pe, uint32_t ppi, uint32_t priority)
{
    uint32_t encoding = VGIC5_ICC_PPI_PRIORITYR(0) + ppi / 8;
    uint32_t shift = 8 * (ppi % 8);
    uint64_t old = mrs(m, pe, encoding);
    msr(m, pe, encoding, (old & ~(0xffull << shift)) | (uint64_t)priority << shift);
}

void start(struct vmm *m)
{
    w32(m, VGIC5_IRS_CR0, 1);
    for (uint32_t pe = 0; pe < m->nr_vcpus; pe++) {
        msr(m, pe, VGIC5_ICC_PPI_ENABLER(0), ~0ull);
        for (uint32_t n = 0; n < 8; n++)
            msr(m, pe, VGIC5_ICC_PPI_PRIORITYR(n), 0x1010101010101010);
        msr(m, pe, VGIC5_ICC_PCR, 31);
        msr(m, pe, VGIC5_ICC_CR0, 1);
    }
}

static uint8_t *at(struct vmm *m, uint64_t ipa)
{
    assert_in_range(ipa, m->ram_base, m->ram_base + m->ram_size - 4);
    return m->ram + (ipa - m->ram_base);
}

void store32(struct vmm *m, uint64_t ipa, uint32_t value)
{
    for (uint32_t i = 0; i < 4; i++)
        at(m, ipa)[i] = (uint8_t)(value >> 8 * i);
}

void store64(struct vmm *m, uint64_t ipa, uint64_t value)
{
    store32(m, ipa, (uint32_t)value);
    store32(m, ipa + 4, (uint32_t)(value >> 32));
}

uint32_t load32(struct vmm *m, uint64_t ipa)
{
    const uint8_t *p = at(m, ipa);
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t load64(struct vmm *m, uint64_t ipa)
{
    return load32(m, ipa) | (uint64_t)load32(m, ipa + 4) << 32;
}

bool make_valid(struct vmm *m, uint32_t cfgr, uint64_t base)
{
    w32(m, VGIC5_IRS_IST_CFGR, cfgr);
    w64(m, VGIC5_IRS_IST_BASER, base | 1);
    return r64(m, VGIC5_IRS_IST_BASER) & 1;
}

void linear_table(struct vmm *m, uint32_t lpi_id_bits)
{
    assert_true(make_valid(m, lpi_id_bits, TABLE));
}

void map_l2(struct vmm *m, uint64_t l1_entry, uint64_t l2, uint32_t lpi)
{
    store64(m, l1_entry, l2);
    w32(m, VGIC5_IRS_MAP_L2_ISTR, lpi);
    assert_int_equal(r32(m, VGIC5_IRS_IST_STATUSR), 1);
}

void flush(struct vmm *m)
{
    uint32_t words[VGIC5_NR_SPIS_MAX];
    assert_int_equal(vmm_get(m, VGIC5_GRP_IST, 0, words), 0);
}

uint32_t flushed_entry(struct vmm *m, uint64_t ipa)
{
    flush(m);
    return load32(m, ipa) & ~ISTE_HWU;
}
