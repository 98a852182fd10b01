/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A slow and obvious model of one IRS and its PEs, written from the rules alone and sharing no line
 * with the library: arrays, linear scans, nothing remembered that can be computed again. The tests
 * compare the library with it. Choices that the architecture leaves open are those of the library:
 * equal priorities go PPI, SPI, LPI, then lowest id.
 */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REF_MAX_PES 8
#define REF_MAX_SPIS 1024
#define REF_MAX_ID_BITS 24
#define REF_NR_PPIS 64
#define REF_MAX_L1 65536 /* L2 tables: 2^24 ids, at least 2^8 in each */
#define REF_MAX_SEEN 65536

struct ref_config {
    uint32_t nr_spis;
    uint32_t nr_pes;
    uint32_t pe_id[REF_MAX_PES];
    uint8_t ipa_bits, id_bits, min_bits, pri_bits, l2sz, istmd, istmd_sz;
    uint64_t ppis; /* implemented ones of PPI 0..63 */
    uint32_t iidr; /* the implementation's own identity: not a rule */
    uint64_t ram_base;
    size_t ram_size;
};

/* One interrupt of any type; tm and wire only mean something for an SPI, wire also for a PPI. */
struct ref_irq {
    bool pending, active, enable, hm, tm, wire;
    bool reachable; /* exists, and for an LPI its table entry can be walked to */
    bool listed;    /* is in ref.seen */
    uint8_t priority;
    uint16_t iaffid;
};

struct ref_pe {
    uint32_t id;
    bool nmi; /* SCTLR_EL1.NMI */
    bool en;  /* ICC_CR0.EN */
    uint8_t pcr;
    uint32_t apr;
    uint64_t icsr;
    struct ref_irq ppi[REF_NR_PPIS];
};

struct ref {
    struct ref_config config;
    bool irsen;
    uint32_t cr1, spi_selr, pe_selr, ist_cfgr;
    uint64_t ist_baser;
    bool l1_mapped[REF_MAX_L1];
    struct ref_irq spi[REF_MAX_SPIS];
    struct ref_irq *lpi; /* one for every id that IDR2 allows */
    struct ref_pe pe[REF_MAX_PES];
    /* INTIDs that were ever made pending: only these can be a candidate. */
    uint32_t seen[REF_MAX_SEEN];
    uint32_t nr_seen;
    uint8_t *ram;
};

/* What an access answers. ABSENT: not HANDLED, the caller may see UNHANDLED or UNDEFINED. */
enum ref_result { REF_UNHANDLED = 0, REF_HANDLED = 1, REF_UNDEFINED = 2, REF_ABSENT = 3 };

struct ref *ref_create(const struct ref_config *config);
void ref_destroy(struct ref *r);

/* ref_interrupt.c: one interrupt's state */
#define REF_INTID(type, id) ((uint32_t)(type) << 29 | (uint32_t)(id))
struct ref_irq *ref_spi_or_lpi(struct ref *r, uint32_t intid); /* NULL: unreachable */
void ref_set_pending(struct ref *r, uint32_t intid, struct ref_irq *irq, bool pending);
void ref_wire_event(struct ref *r, uint32_t spi);
int ref_spi_line(struct ref *r, uint32_t spi, bool level);
int ref_level_ppi_line(struct ref *r, uint32_t pe, uint32_t ppi, bool level);
int ref_userspace_ppi_line(struct ref *r, uint32_t pe, uint32_t ppi, bool level);
uint8_t ref_mask_priority(const struct ref *r, uint32_t priority);
uint32_t ref_word(const struct ref_irq *irq); /* the 32-bit table entry */

/* ref_ist.c: the LPI table in guest memory */
bool ref_ram(const struct ref *r, uint64_t ipa, size_t size, size_t *offset);
bool ref_ist_cfgr_legal(const struct ref *r);
bool ref_ist_two_level(const struct ref *r);
uint32_t ref_ist_l2bits(const struct ref *r);
uint64_t ref_ist_base(const struct ref *r);
bool ref_ist_entry(const struct ref *r, uint32_t lpi, uint64_t *ipa);
/* The first LPI from this one on that is in a mapped part of the table; its size when none is. */
uint32_t ref_ist_next(const struct ref *r, uint32_t lpi);
uint32_t ref_ist_size(const struct ref *r); /* in LPIs; 0: no table is valid */
void ref_ist_make_valid(struct ref *r);
void ref_ist_make_invalid(struct ref *r);
void ref_ist_map_l2(struct ref *r, uint32_t lpi);
void ref_ist_write_back(struct ref *r);

/* ref_irs.c: the CONFIG frame */
void ref_mmio(struct ref *r, uint64_t offset, uint32_t size, bool is_write, uint64_t *value);

/* ref_select.c: which interrupt a PE is offered */
struct ref_hppi {
    struct ref_irq *irq; /* NULL: none */
    uint32_t intid;
};
struct ref_hppi ref_hppi(struct ref *r, uint32_t pe);
bool ref_signalled(struct ref *r, uint32_t pe, struct ref_hppi *hppi);
uint32_t ref_line(struct ref *r, uint32_t pe); /* 0 none, 1 IRQ, 3 with Superpriority */

/* ref_cpu.c: registers and instructions at EL1 */
enum ref_result ref_cpu(struct ref *r, uint32_t pe, uint16_t encoding, bool is_write,
                        uint64_t *value);
/* ref_gic.c */
enum ref_result ref_gic(struct ref *r, uint32_t pe, uint32_t crm_op2, bool is_write,
                        uint64_t *value);

#endif
