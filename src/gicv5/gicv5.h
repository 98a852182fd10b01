/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the architecture says: one IRS in the Non-secure domain and its CPU interfaces. State and
 * rules only; who may do what when, and with which errno, is the business of src/device.
 *
 * The guest's functions never fail. The raw functions are the save and restore door: they move
 * architected state without events, and are followed by gicv5_settle(), which recomputes everything
 * that is derived (candidates, lines) from it.
 */
#ifndef GICV5_H
#define GICV5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vgic5/device.h>

#include "facts/registers.h"

/* Everything that the ID registers report, in plain numbers. Checked by the caller. */
struct gicv5_config {
    uint32_t nr_spis;      /* 1..1024; SPI_BASE is 0 */
    uint8_t pa_range;      /* IDR0.PA_RANGE code, 0..7 */
    uint8_t priority_bits; /* IRS, 1..5; the CPU interface has 5 */
    uint8_t iaffid_bits;   /* 1..16 */
    uint8_t lpi_id_bits;   /* IDR2.ID_BITS */
    uint8_t min_lpi_id_bits;
    uint8_t ist_l2sz; /* IDR2.IST_L2SZ; 0: linear only */
    uint8_t istmd;
    uint8_t istmd_sz;
    uint64_t ppis[2];    /* implemented */
    uint64_t ppi_hmr[2]; /* 1: level */
    bool lpis_in_host;   /* LPI state lives with the host, not in guest memory (profile 7.4):
                            entries start as 0, and nothing but L1 VALID is written back */
    bool threads;        /* several threads at a time (lock.h) */
};

struct gicv5;    /* the IRS and its PEs */
struct gicv5_pe; /* one PE's CPU interface */

/* -ENOMEM. `host`, of which only `line` and `log` may be NULL, must outlive the gicv5; iaffids are
 * distinct and below 2^iaffid_bits. */
int gicv5_create(const struct gicv5_config *config, const uint16_t *iaffids, uint32_t nr_pes,
                 const struct vgic5_host *host, void *opaque, struct gicv5 **gic);
void gicv5_destroy(struct gicv5 *gic);

struct gicv5_pe *gicv5_pe(struct gicv5 *gic, uint32_t index); /* in creation order */
int gicv5_pe_index(const struct gicv5 *gic, uint32_t iaffid); /* -1: none has it */

/* Keep everyone else out, of the whole and of one PE. The guest's door and the wires do so
 * themselves; the callers of the raw door and of create, adopt and the like hold gicv5_lock. */
void gicv5_lock(struct gicv5 *gic);
void gicv5_unlock(struct gicv5 *gic);
void gicv5_pe_lock(struct gicv5_pe *pe);
void gicv5_pe_unlock(struct gicv5_pe *pe);
/* The registers of the frame alone: every read, and writes and puts that do not reach
 * PEs (below). */
void gicv5_frame_lock(struct gicv5 *gic);
void gicv5_frame_unlock(struct gicv5 *gic);

/* ---- The guest's door --------------------------------------------------------------------------
 */

void gicv5_mmio(struct gicv5 *gic, struct vgic5_mmio *access);
/* A GIC instruction, or an encoding in their space that is none (Op0 = 1, CRn = 12). */
static inline bool instructions_own(uint16_t encoding)
{
    return (encoding & 0xc780u) == VGIC5_ENCODING(1, 0, 12, 0, 0);
}

enum vgic5_access_result instructions_execute(struct gicv5_pe *pe, uint16_t encoding, bool is_write,
                                              uint64_t *value);
enum vgic5_access_result registers_access(struct gicv5_pe *pe, uint16_t encoding, bool is_write,
                                          uint64_t *value);

/* Inlined: a guest does nothing else so often. */
static inline enum vgic5_access_result gicv5_cpu_access(struct gicv5_pe *pe, uint16_t encoding,
                                                        bool is_write, uint64_t *value)
{
    return instructions_own(encoding) ? instructions_execute(pe, encoding, is_write, value)
                                      : registers_access(pe, encoding, is_write, value);
}

void gicv5_set_nmi(struct gicv5_pe *pe, bool sctlr_nmi);
/* The CPU interface as it was created; what targets the PE, and its wires, stay. */
void gicv5_reset_interface(struct gicv5_pe *pe);
enum vgic5_line gicv5_line(const struct gicv5_pe *pe);

/* ---- The wires ---------------------------------------------------------------------------------
 */

void gicv5_spi_wire(struct gicv5 *gic, uint32_t id, bool level); /* id < nr_spis */
bool gicv5_spi_enabled(const struct gicv5 *gic, uint32_t id);    /* the same; without a lock */
void gicv5_ppi_wire(struct gicv5_pe *pe, uint32_t ppi, bool level);

/* ---- Looking ----------------------------------------------------------------------------------
 */

/* Fills `why`, which is zero, but for its size: what stands between an interrupt and its delivery.
 * `pe` is whose PPI it is; any, for the other types. */
void gicv5_why(struct gicv5_pe *pe, uint32_t intid, struct vgic5_why *why);

/* ---- The raw door ------------------------------------------------------------------------------
 */

/* A register as the guest reads it (without side effect), by row. */
uint64_t gicv5_irs_read(struct gicv5 *gic, enum irs_row row);
/* A full-width guest write, with its events. */
void gicv5_irs_write(struct gicv5 *gic, enum irs_row row, uint64_t value);
/* Store without event: IRS_IDR0, 1, 2, 5, 6, 7 (checked by the caller, adopted as this IRS's
 * identity), IRS_CR0 (IRSEN), IRS_SPI_CFGR (TM of the selected SPI), IRS_IST_CFGR, IRS_IST_BASER
 * (the register alone: no table becomes live or is taken down). */
void gicv5_irs_put(struct gicv5 *gic, enum irs_row row, uint64_t value);
/* Does a write or a put of this register need gicv5_lock? */
bool gicv5_irs_write_reaches_pes(enum irs_row row);
bool gicv5_irs_put_reaches_pes(enum irs_row row);
/* Make the LPI IST that IST_BASER and IST_CFGR describe live, holding nothing. -EINVAL: BASER.VALID
 * is 0 or IST_CFGR is not legal; -EEXIST: one is live. */
int gicv5_ist_create(struct gicv5 *gic);

/* One of the 26 registers, raw: ICC_PPI_SACTIVER and SPENDR replace the state (for a level PPI,
 * SPENDR is the wire); RES0 bits and unimplemented PPIs are dropped. get: as the guest would read.
 */
uint64_t gicv5_cpu_get(const struct gicv5_pe *pe, const struct cpu_register *reg);
void gicv5_cpu_put(struct gicv5_pe *pe, const struct cpu_register *reg, uint64_t value);

/* Does this IST_CFGR describe a table that IDR2 allows? (LPI_ID_BITS, ISTSZ, STRUCTURE, L2SZ) */
bool gicv5_ist_cfgr_is_legal(const struct gicv5 *gic, uint32_t ist_cfgr);
/* LPI_ID_BITS of the live LPI IST, or -1 when none is valid. */
int gicv5_lpi_id_bits(const struct gicv5 *gic);

/* ISTE words as of gicv5.md §3.1, HWU = 0. put replaces the whole interrupt state but the wire and
 * TM.
 */
uint32_t gicv5_spi_get(const struct gicv5 *gic, uint32_t id);
void gicv5_spi_put(struct gicv5 *gic, uint32_t id, uint32_t iste);
void gicv5_spi_wires_get(const struct gicv5 *gic, uint64_t *wires, size_t words);
void gicv5_spi_wires_put(struct gicv5 *gic, const uint64_t *wires, size_t words);
bool gicv5_spi_tm(const struct gicv5 *gic, uint32_t id);
void gicv5_spi_tm_put(struct gicv5 *gic, uint32_t id, bool level);

/*
 * Write every LPI whose state the IRS holds back to the IST in guest memory, and keep holding it.
 * Of the other reachable entries, clear what does not count (Pending, HWU), so that memory says
 * what CDRCFG would.
 * -EFAULT: an entry could not be written (nothing is lost: the state stays held), or a page of the
 * table cannot be read, so that no restore could adopt it. The others have been written.
 */
int gicv5_lpi_flush(struct gicv5 *gic);
/*
 * Adopt the LPI IST in guest memory as it stands, Pending included (a restore; the guest has not
 * run), instead of what is held. HWU is ignored. On -EFAULT (a page of the table is not there) or
 * -ENOMEM nothing has changed.
 */
int gicv5_lpi_adopt(struct gicv5 *gic);
/*
 * The same to, and from, an image in INTID order (profile 7.4): 1 << LPI_ID_BITS words, which move
 * piece by piece from the first to the last. Guest memory is neither read nor written. An
 * unreachable LPI reads 0, and so does one that is not held, unless it was put. What a piece's
 * function returns if it is not 0 ends the whole; a put that fails has changed nothing.
 * -EINVAL: no IST is live; -ENOMEM (put).
 */
struct gicv5_image_out {
    int (*write)(void *context, size_t first, const uint32_t *words, size_t nr);
    void *context;
};
struct gicv5_image_in {
    int (*read)(void *context, size_t first, uint32_t *words, size_t nr);
    void *context;
};
int gicv5_lpi_image_get(struct gicv5 *gic, const struct gicv5_image_out *image);
int gicv5_lpi_image_put(struct gicv5 *gic, const struct gicv5_image_in *image);

/* Recompute candidates, HPPIs and lines after raw puts; tells the host about changed lines. */
void gicv5_settle(struct gicv5 *gic);
/* The same after gicv5_cpu_put, which concerns no other PE. */
void gicv5_settle_pe(struct gicv5_pe *pe);

#endif
