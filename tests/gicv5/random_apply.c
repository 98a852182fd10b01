/* SPDX-License-Identifier: BSD-3-Clause */
/* One operation on both sides, and the comparison of all that a guest and a VMM can see of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

void describe_operation(const struct world *w, const struct op *op, char *words, size_t size)
{
    static const char *const sysregs[32] = {
        [0] = "GSB SYS",     [1] = "GSB ACK",    [8] = "GIC CDDIS",   [9] = "GIC CDEN",
        [10] = "GIC CDPRI",  [11] = "GIC CDAFF", [12] = "GIC CDPEND", [13] = "GIC CDRCFG",
        [15] = "GIC CDEOI",  [16] = "GIC CDDI",  [17] = "GIC CDHM",   [24] = "GICR CDIA",
        [25] = "GICR CDNMIA"};
    const char *name = "register or instruction";
    const char *write = op->is_write ? "write" : "read";
    uint32_t id = w->ref_config.pe_id[op->pe];
    if ((op->where & 0xffe0) == 0x4600 && sysregs[op->where & 31])
        name = sysregs[op->where & 31];
    static const char *const lines[] = {
        [OP_SPI_LINE] = "SPI wire",
        [OP_PPI_LINE] = "PPI wire",
        [OP_SW_PPI_LINE] = "userspace PPI",
        [OP_NMI] = "SCTLR.NMI",
    };
    if (op->kind == OP_MMIO)
        snprintf(words, size, "MMIO %s of %u bytes at %#x, value %#" PRIx64, write, op->size,
                 op->where, op->value);
    else if (op->kind == OP_CPU)
        snprintf(words, size, "PE %u (IAFFID %u): %s %s (encoding %#x), Xt %#" PRIx64, op->pe, id,
                 write, name, op->where, op->value);
    else if (op->kind == OP_STORE)
        snprintf(words, size, "guest stores %u bytes at RAM+%#x: %#" PRIx64, op->size, op->where,
                 op->value);
    else if (op->kind == OP_ZERO)
        snprintf(words, size, "guest zeroes its memory");
    else
        snprintf(words, size, "PE %u (IAFFID %u): %s %u to %d", op->pe, id, lines[op->kind],
                 op->where, op->is_write);
}

void differ(const struct world *w, const char *what, uint64_t library, uint64_t reference)
{
    char words[200];
    describe_operation(w, &w->op, words, sizeof(words));
    printf("DIFFERENCE: seed %" PRIu64 ", operation %" PRIu64 ": %s\n", w->seed, w->operation,
           words);
    printf("  %s: library %#" PRIx64 ", reference %#" PRIx64 "\n", what, library, reference);
    printf("  configuration: %u PEs, %u SPIs, LPI bits %u..%u, priority bits %u, IST_L2SZ %u, "
           "ISTMD %u SZ %u; IST_CFGR %#x, IST_BASER %#" PRIx64 "\n",
           w->ref_config.nr_pes, w->ref_config.nr_spis, w->ref_config.min_bits,
           w->ref_config.id_bits, w->ref_config.pri_bits, w->ref_config.l2sz, w->ref_config.istmd,
           w->ref_config.istmd_sz, w->ref->ist_cfgr, w->ref->ist_baser);
    exit(1);
}

void expect_equal(const struct world *w, const char *what, uint64_t library, uint64_t reference)
{
    if (library != reference)
        differ(w, what, library, reference);
}

void compare_lines(struct world *w)
{
    for (uint32_t i = 0; i < w->ref_config.nr_pes; i++) {
        char what[40];
        enum vgic5_line line = vgic5_vcpu_line(w->lib.vcpu[i]);
        uint32_t expected = ref_line(w->ref, i);
        w->statistic[ST_LINE_UP] += expected != 0;
        if (line == expected && w->lib.told[i] == line)
            continue;
        snprintf(what, sizeof(what), "line of PE %u", i);
        expect_equal(w, what, line, expected);
        expect_equal(w, "line as last told to the VMM", w->lib.told[i], expected);
    }
    expect_equal(w, "calls about a line that had not changed", w->lib.useless_lines, 0);
}

static void apply_mmio(struct world *w, const struct op *op)
{
    struct vgic5_mmio access = {op->where, op->value, (uint8_t)op->size, op->is_write};
    uint64_t value = op->value;
    bool was_valid = w->ref->ist_baser & 1;
    bool baser = op->is_write && op->where == VGIC5_IRS_IST_BASER && op->size >= 4;
    if (baser && was_valid)
        note_entries(w);
    enum vgic5_access_result result = vgic5_mmio(w->lib.device, &access);
    ref_mmio(w->ref, op->where, op->size, op->is_write, &value);
    expect_equal(w, "result of the access", result, VGIC5_HANDLED);
    if (!op->is_write)
        expect_equal(w, "value read", access.value, value);
    bool valid = w->ref->ist_baser & 1;
    w->statistic[ST_TABLE_UP] += valid && !was_valid;
    w->statistic[ST_TABLE_DOWN] += !valid && was_valid;
    w->statistic[ST_TABLE_REFUSED] += baser && (op->value & 1) && !valid;
    if (was_valid && !valid)
        compare_noted_entries(w);
    if (op->is_write && op->where == VGIC5_IRS_MAP_L2_ISTR && ref_ist_two_level(w->ref) && valid)
        w->statistic[ST_L2_MAPPED]++;
}

static void count_acknowledge(struct world *w, const struct op *op, uint64_t value)
{
    uint32_t apr = w->ref->pe[op->pe].apr;
    if (!(value >> 32)) {
        w->statistic[ST_SPURIOUS]++;
        return;
    }
    w->statistic[ST_ACKNOWLEDGED]++;
    w->statistic[ST_NMI] += op->where == VGIC5_CDNMIA;
    w->statistic[ST_NESTED] += (apr & (apr - 1)) != 0;
    w->statistic[ST_PPI_TAKEN] += (uint32_t)value >> 29 == 1;
    w->statistic[ST_LPI_TAKEN] += (uint32_t)value >> 29 == 2;
    w->statistic[ST_SPI_TAKEN] += (uint32_t)value >> 29 == 3;
    w->recent_pe[w->nr_recent % RECENT] = op->pe;
    w->recent[w->nr_recent++ % RECENT] = (uint32_t)value;
}

static void apply_cpu(struct world *w, const struct op *op)
{
    uint64_t got = op->value, value = op->value;
    uint16_t encoding = (uint16_t)op->where;
    enum vgic5_access_result result =
        vgic5_cpu_access(w->lib.vcpu[op->pe], encoding, op->is_write, &got);
    enum ref_result expected = ref_cpu(w->ref, op->pe, encoding, op->is_write, &value);
    if (expected == REF_ABSENT)
        expect_equal(w, "handled", result == VGIC5_HANDLED, false);
    else
        expect_equal(w, "result of the access", result, expected);
    w->statistic[ST_UNDEFINED] += expected == REF_UNDEFINED;
    if (expected != REF_HANDLED)
        return;
    if (!op->is_write)
        expect_equal(w, "value read", got, value);
    if (encoding == VGIC5_CDIA || encoding == VGIC5_CDNMIA)
        count_acknowledge(w, op, value);
    w->statistic[ST_UNREACHABLE] += encoding == VGIC5_CDRCFG && w->ref->pe[op->pe].icsr == 1;
}

static void apply_line(struct world *w, const struct op *op)
{
    uint32_t id = w->ref_config.pe_id[op->pe];
    int got = 0, expected = 0;
    if (op->kind == OP_SPI_LINE) {
        got = vgic5_irq_line(w->lib.device, VGIC5_IRQ_SPI(op->where), op->is_write);
        expected = ref_spi_line(w->ref, op->where, op->is_write);
    } else if (op->kind == OP_PPI_LINE) {
        got = vgic5_ppi_line(w->lib.vcpu[op->pe], op->where, op->is_write);
        expected = ref_level_ppi_line(w->ref, op->pe, op->where, op->is_write);
    } else if (id < 4096) { /* KVM_IRQ_LINE names no vCPU above */
        got = vgic5_irq_line(w->lib.device, VGIC5_IRQ_PPI(id, op->where), op->is_write);
        expected = ref_userspace_ppi_line(w->ref, op->pe, op->where, op->is_write);
    }
    expect_equal(w, "error", (uint64_t)got, (uint64_t)expected);
}

static void store(uint8_t *ram, const struct op *op)
{
    for (uint32_t i = 0; i < op->size; i++)
        ram[op->where + i] = (uint8_t)(op->value >> (8 * i));
}

void apply_operation(struct world *w, const struct op *op)
{
    w->op = *op;
    switch (op->kind) {
    case OP_MMIO:
        apply_mmio(w, op);
        break;
    case OP_CPU:
        apply_cpu(w, op);
        break;
    case OP_SPI_LINE:
    case OP_PPI_LINE:
    case OP_SW_PPI_LINE:
        apply_line(w, op);
        break;
    case OP_NMI:
        vgic5_vcpu_set_nmi(w->lib.vcpu[op->pe], op->is_write);
        w->ref->pe[op->pe].nmi = op->is_write;
        break;
    case OP_STORE:
        store(w->lib.ram, op);
        store(w->ref->ram, op);
        break;
    case OP_ZERO:
        memset(w->lib.ram, 0, w->lib.ram_size);
        memset(w->ref->ram, 0, w->lib.ram_size);
        break;
    }
    compare_lines(w);
}
